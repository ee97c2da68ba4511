/* Column definitions, and the count before them. */
#include "internal.h"

enum { FIXED_BYTES = 12, FILLER_BYTES = 2 };

int myreply_column_decode(struct qw_bytes payload, struct mywire_link link, bool has_default,
	struct myreply_column *out)
{
	struct cursor c = cur_from(payload);

	*out = (struct myreply_column){.has_default = has_default};
	out->catalog = mywire_lenenc_bytes(&c);
	out->schema = mywire_lenenc_bytes(&c);
	out->table = mywire_lenenc_bytes(&c);
	out->org_table = mywire_lenenc_bytes(&c);
	out->name = mywire_lenenc_bytes(&c);
	out->org_name = mywire_lenenc_bytes(&c);
	if (link.extended & MYWIRE_EXT_METADATA)
		out->extended = mywire_lenenc_bytes(&c);
	if (mywire_lenenc(&c) != FIXED_BYTES)
		return QW_E_MALFORMED;
	out->collation = (uint16_t)mywire_le(&c, 2);
	out->length = (uint32_t)mywire_le(&c, 4);
	out->type = cur_u8(&c);
	out->flags = (uint16_t)mywire_le(&c, 2);
	out->decimals = cur_u8(&c);
	if (mywire_le(&c, FILLER_BYTES) != 0)
		return QW_E_MALFORMED;
	if (has_default)
		out->default_is_null = mywire_lenenc_null(&c, &out->default_value);
	return cur_end(&c);
}

int myreply_put_column(struct qw_buf *out, uint8_t *seq, struct mywire_link client,
	const struct myreply_column *column)
{
	struct builder b;

	mywire_begin(&b, out);
	mywire_put_lenenc_bytes(&b, column->catalog);
	mywire_put_lenenc_bytes(&b, column->schema);
	mywire_put_lenenc_bytes(&b, column->table);
	mywire_put_lenenc_bytes(&b, column->org_table);
	mywire_put_lenenc_bytes(&b, column->name);
	mywire_put_lenenc_bytes(&b, column->org_name);
	if (client.extended & MYWIRE_EXT_METADATA)
		mywire_put_lenenc_bytes(&b, column->extended);
	mywire_put_lenenc(&b, FIXED_BYTES);
	mywire_put_le(&b, column->collation, 2);
	mywire_put_le(&b, column->length, 4);
	bld_u8(&b, column->type);
	mywire_put_le(&b, column->flags, 2);
	bld_u8(&b, column->decimals);
	mywire_put_le(&b, 0, FILLER_BYTES);
	if (column->has_default && column->default_is_null)
		bld_u8(&b, MYREPLY_IS_INFILE); /* fb: a NULL's length */
	else if (column->has_default)
		mywire_put_lenenc_bytes(&b, column->default_value);
	return mywire_end(&b, seq);
}

int myreply_put_count(struct qw_buf *out, uint8_t *seq, size_t columns)
{
	struct builder b;

	QW_ASSERT(columns > 0 && columns <= MYREPLY_COLUMNS_MAX);
	mywire_begin(&b, out);
	mywire_put_lenenc(&b, columns);
	return mywire_end(&b, seq);
}
