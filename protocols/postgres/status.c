/* What the server says about itself and its work: ParameterStatus, ReadyForQuery, CommandComplete.
 */
#include "internal.h"

int pgwire_parameter_status_decode(struct qw_bytes body, struct pgwire_parameter *out)
{
	struct cursor c = cur_from(body);

	out->name = cur_cstr(&c);
	out->value = cur_cstr(&c);
	return cur_end(&c);
}

int pgwire_put_parameter_status(struct qw_buf *out, const char *name, const char *value)
{
	struct builder b;

	bld_init(&b, out);
	bld_begin(&b, 'S');
	bld_cstr(&b, name);
	bld_cstr(&b, value);
	bld_end(&b);
	return bld_error(&b);
}

static bool is_status(uint8_t status)
{
	return status == 'I' || status == 'T' || status == 'E';
}

int pgwire_ready_decode(struct qw_bytes body, uint8_t *status)
{
	struct cursor c = cur_from(body);

	*status = cur_u8(&c);
	if (!is_status(*status))
		return QW_E_MALFORMED;
	return cur_end(&c);
}

int pgwire_put_ready(struct qw_buf *out, uint8_t status)
{
	QW_ASSERT(is_status(status));
	return pgwire_put_message(out, 'Z', qw_bytes(&status, 1));
}

int pgwire_tag_decode(struct qw_bytes body, const char **tag)
{
	struct cursor c = cur_from(body);

	*tag = cur_cstr(&c);
	return cur_end(&c);
}

uint64_t pgwire_tag_rows(const char *tag)
{
	const char *word = tag ? strrchr(tag, ' ') : NULL;
	uint64_t rows = 0;

	if (!word || !word[1])
		return 0;
	for (word++; *word; word++) {
		uint64_t digit = (uint64_t)(*word - '0');

		if (*word < '0' || *word > '9' || rows > (UINT64_MAX - digit) / 10)
			return 0;
		rows = rows * 10 + digit;
	}
	return rows;
}
