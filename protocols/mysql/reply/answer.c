/*
 * Which packet of an answer comes next.
 *
 *   FIRST -- OK, ERR, EOF, text --------------------------------------------> DONE
 *   FIRST -- prepared --> IN_PARAMETERS --> IN_PARAMETERS_END --> IN_COLUMNS --> IN_COLUMNS_END -->
 * DONE FIRST -- count -----> IN_COLUMNS --> IN_COLUMNS_END --> IN_ROWS -- EOF --> DONE, or FIRST
 * (more results) IN_COLUMNS_END -- cursor -----------> DONE FIRST -- a definition (FIELD_LIST) -->
 * FIRST
 *
 * An ERR ends the answer wherever it comes. Each part of a prepared statement is left out when it
 * is empty. Anything else breaks the reader.
 */
#include "internal.h"

void myreply_begin(
	struct myreply *r, enum mywire_answer answer, struct mywire_link link, size_t columns)
{
	*r = (struct myreply){.link = link, .answer = answer, .columns = columns, .known = columns};
	if (answer == MYWIRE_ANSWER_NONE)
		r->state = MYREPLY_DONE;
	else if (answer == MYWIRE_ANSWER_FETCH)
		r->state = MYREPLY_IN_ROWS;
	else
		r->state = MYREPLY_FIRST;
}

bool myreply_is_done(const struct myreply *r)
{
	return r->state == MYREPLY_DONE;
}

static bool is_binary(const struct myreply *r)
{
	return r->answer == MYWIRE_ANSWER_EXECUTE || r->answer == MYWIRE_ANSWER_FETCH;
}

bool myreply_is_row(const struct myreply *r, uint8_t first, uint32_t frame_bytes)
{
	if (r->state != MYREPLY_IN_ROWS || frame_bytes == 0)
		return false;
	if (is_binary(r))
		return first == MYREPLY_IS_OK; /* a binary row begins with 00, too */
	if (first == MYREPLY_IS_EOF)
		return frame_bytes > MYREPLY_EOF_MAX;
	return first != MYREPLY_IS_ERROR;
}

static void finish(struct myreply *r, uint16_t status)
{
	r->state = status & MYWIRE_MORE_RESULTS ? MYREPLY_FIRST : MYREPLY_DONE;
}

static int read_ok(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	int err = myreply_ok_decode(payload, r->link, &out->ok);

	out->kind = MYREPLY_OK;
	if (r->answer == MYWIRE_ANSWER_OK)
		r->state = MYREPLY_DONE;
	else
		finish(r, out->ok.status);
	return err;
}

static void expect_columns(struct myreply *r, size_t count)
{
	r->columns = count;
	r->left = count;
	r->state = count ? MYREPLY_IN_COLUMNS : MYREPLY_DONE;
}

static int read_count(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	struct cursor c = cur_from(payload);
	uint64_t count = mywire_lenenc(&c);
	uint8_t follows = r->link.extended & MYWIRE_EXT_CACHE_METADATA ? cur_u8(&c) : 1;

	out->kind = MYREPLY_COUNT;
	if (cur_end(&c) || count == 0 || count > MYREPLY_COLUMNS_MAX || follows > 1)
		return QW_E_MALFORMED;
	out->count = (size_t)count;
	out->metadata_follows = follows;
	if (!follows && (r->answer != MYWIRE_ANSWER_EXECUTE || count != r->known))
		return QW_E_MALFORMED; /* of which metadata? */
	r->known = 0;		       /* only of the first result */
	expect_columns(r, (size_t)count);
	if (!follows)
		r->state = MYREPLY_IN_COLUMNS_END;
	return 0;
}

static int read_prepared(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	struct cursor c = cur_from(payload);
	uint8_t status, filler;

	out->kind = MYREPLY_PREPARED;
	status = cur_u8(&c);
	out->prepared.id = (uint32_t)mywire_le(&c, 4);
	out->prepared.columns = (uint16_t)mywire_le(&c, 2);
	out->prepared.parameters = (uint16_t)mywire_le(&c, 2);
	filler = cur_u8(&c);
	out->prepared.warnings = (uint16_t)mywire_le(&c, 2);
	if (cur_end(&c) || status != MYREPLY_IS_OK || filler != 0 ||
		out->prepared.columns > MYREPLY_COLUMNS_MAX)
		return QW_E_MALFORMED;
	expect_columns(r, out->prepared.columns);
	if (out->prepared.parameters) {
		r->left = out->prepared.parameters;
		r->state = MYREPLY_IN_PARAMETERS;
	}
	return 0;
}

static int read_error(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	if ((r->link.extended & MYWIRE_EXT_PROGRESS) && myreply_is_progress(payload)) {
		out->kind = MYREPLY_PROGRESS;
		return myreply_progress_check(payload);
	}
	out->kind = MYREPLY_ERROR;
	r->state = MYREPLY_DONE;
	return myreply_error_decode(payload, &out->error);
}

static int read_eof(struct qw_bytes payload, enum myreply_kind kind, struct myreply_item *out)
{
	out->kind = kind;
	return myreply_eof_decode(payload, &out->eof);
}

static int read_definition(struct myreply *r, struct qw_bytes payload, enum myreply_kind kind,
	struct myreply_item *out)
{
	out->kind = kind;
	return myreply_column_decode(
		payload, r->link, r->answer == MYWIRE_ANSWER_FIELDS, &out->column);
}

static int read_result(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	if (payload.p[0] == MYREPLY_IS_OK)
		return read_ok(r, payload, out);
	if (payload.p[0] == MYREPLY_IS_INFILE) {
		out->kind = MYREPLY_INFILE;
		r->state = MYREPLY_BROKEN;
		return 0;
	}
	return read_count(r, payload, out);
}

static int read_fields(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	if (payload.p[0] != MYREPLY_IS_EOF)
		return read_definition(r, payload, MYREPLY_COLUMN, out);
	r->state = MYREPLY_DONE;
	return read_eof(payload, MYREPLY_COLUMNS_END, out);
}

static int read_first(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	switch (r->answer) {
	case MYWIRE_ANSWER_NONE:
	case MYWIRE_ANSWER_FETCH:
		break;
	case MYWIRE_ANSWER_OK:
		if (payload.p[0] != MYREPLY_IS_EOF)
			return read_ok(r, payload, out);
		r->state = MYREPLY_DONE;
		return read_eof(payload, MYREPLY_EOF, out);
	case MYWIRE_ANSWER_RESULT:
	case MYWIRE_ANSWER_EXECUTE:
		return read_result(r, payload, out);
	case MYWIRE_ANSWER_PREPARE:
		return read_prepared(r, payload, out);
	case MYWIRE_ANSWER_FIELDS:
		return read_fields(r, payload, out);
	case MYWIRE_ANSWER_TEXT:
		out->kind = MYREPLY_TEXT;
		r->state = MYREPLY_DONE;
		return 0;
	}
	return QW_E_MALFORMED;
}

/* One definition of those that are left; after the last comes their EOF. */
static int read_listed(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	bool is_parameter = r->state == MYREPLY_IN_PARAMETERS;

	if (--r->left == 0)
		r->state = is_parameter ? MYREPLY_IN_PARAMETERS_END : MYREPLY_IN_COLUMNS_END;
	return read_definition(r, payload, is_parameter ? MYREPLY_PARAMETER : MYREPLY_COLUMN, out);
}

static int read_columns_end(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	int err = read_eof(payload, MYREPLY_COLUMNS_END, out);

	r->state = MYREPLY_IN_ROWS;
	r->is_parameters = out->eof.status & MYWIRE_OUT_PARAMETERS;
	if (r->answer == MYWIRE_ANSWER_EXECUTE && (out->eof.status & MYWIRE_CURSOR_EXISTS)) {
		r->has_cursor = true;
		r->state = MYREPLY_DONE;
	}
	if (r->answer == MYWIRE_ANSWER_PREPARE)
		r->state = MYREPLY_DONE;
	return err;
}

static int read_row(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	size_t frame_bytes = payload.n < MYWIRE_FRAME_MAX ? payload.n : MYWIRE_FRAME_MAX;
	int err;

	if (myreply_is_row(r, payload.p[0], (uint32_t)frame_bytes)) {
		out->kind = MYREPLY_ROW;
		return 0;
	}
	err = read_eof(payload, MYREPLY_ROWS_END, out);
	if (r->is_parameters) /* MySQL 9.7 does not say so, and sends it: clients would be one
				 packet behind */
		out->eof.status |= MYWIRE_MORE_RESULTS;
	if (r->answer == MYWIRE_ANSWER_FETCH)
		r->state = MYREPLY_DONE;
	else
		finish(r, out->eof.status);
	r->is_parameters = false;
	return err;
}

static int read_packet(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	if (payload.n == 0)
		return QW_E_MALFORMED;
	if (payload.p[0] == MYREPLY_IS_ERROR)
		return read_error(r, payload, out);
	switch (r->state) {
	case MYREPLY_BROKEN:
	case MYREPLY_DONE:
		break;
	case MYREPLY_FIRST:
		return read_first(r, payload, out);
	case MYREPLY_IN_PARAMETERS:
	case MYREPLY_IN_COLUMNS:
		return read_listed(r, payload, out);
	case MYREPLY_IN_PARAMETERS_END:
		expect_columns(r, r->columns);
		return read_eof(payload, MYREPLY_PARAMETERS_END, out);
	case MYREPLY_IN_COLUMNS_END:
		return read_columns_end(r, payload, out);
	case MYREPLY_IN_ROWS:
		return read_row(r, payload, out);
	}
	return QW_E_MALFORMED;
}

int myreply_read(struct myreply *r, struct qw_bytes payload, struct myreply_item *out)
{
	int err;

	*out = (struct myreply_item){.payload = payload};
	if (r->state == MYREPLY_DONE)
		return QW_E_STATE;
	if (r->state == MYREPLY_BROKEN)
		return QW_E_MALFORMED;
	err = read_packet(r, payload, out);
	if (err)
		r->state = MYREPLY_BROKEN;
	return err;
}
