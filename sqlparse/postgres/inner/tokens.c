/*
 * PostgreSQL's own scanner, by libpg_query's public call: core_yylex() itself throws with longjmp
 * and fills a struct that the library made longer than the server's headers say.
 * Only starts are taken from it: ends of U&"x" are wrong in 15-4.0.0. Keywords end where they say.
 */
#include "inner.h"

#include "pg_query.h"

#include <strings.h>

/* ---- the answer is a protocol buffer: ScanResult and ScanToken of libpg_query's pg_query.proto */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };
enum { RESULT_TOKENS = 2, TOKEN_START = 1, TOKEN_END = 2, TOKEN_CODE = 4, TOKEN_KEYWORD = 5 };
enum { TOKEN_BYTES_MIN = 6 }; /* tag, length, end, code */

static bool take_varint(struct qw_bytes *in, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64 && in->n; shift += 7) {
		uint8_t b = in->p[0];

		*in = qw_bytes(in->p + 1, in->n - 1);
		*v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

/* One field: its number, and its value or its bytes. */
static bool take_field(struct qw_bytes *in, uint64_t *field, uint64_t *value, struct qw_bytes *bytes)
{
	uint64_t tag;

	*bytes = qw_bytes(NULL, 0);
	if (!take_varint(in, &tag) || !take_varint(in, value))
		return false;
	*field = tag >> 3;
	if ((tag & 7) == WIRE_VARINT)
		return true;
	if ((tag & 7) != WIRE_BYTES || *value > in->n)
		return false;
	*bytes = qw_bytes(in->p, (size_t)*value);
	*in = qw_bytes(in->p + *value, in->n - (size_t)*value);
	return true;
}

static bool starts_comment(struct qw_bytes text, size_t at)
{
	return text.n - at >= 2 && (memcmp(text.p + at, "--", 2) == 0 ||
					   memcmp(text.p + at, "/*", 2) == 0);
}

static bool take_token(struct qw_bytes in, struct qw_bytes text, struct token *out)
{
	uint64_t field, value, end = 0, keyword = 0;
	struct qw_bytes bytes;

	*out = (struct token){0};
	while (in.n) {
		if (!take_field(&in, &field, &value, &bytes) || value > UINT32_MAX)
			return false;
		if (field == TOKEN_START)
			out->start = (uint32_t)value;
		else if (field == TOKEN_END)
			end = value;
		else if (field == TOKEN_CODE && value <= UINT16_MAX)
			out->code = (uint16_t)value;
		else if (field == TOKEN_KEYWORD)
			keyword = value;
	}
	if (out->start >= text.n || end > text.n || (keyword && end <= out->start))
		return false;
	out->length = keyword ? (uint32_t)end - out->start : 0;
	out->is_comment = starts_comment(text, out->start);
	return true;
}

/* False: not what libpg_query is known to answer. */
static bool take_tokens(struct qw_bytes in, struct tokens *out)
{
	uint64_t field, value;
	struct qw_bytes bytes;

	while (in.n) {
		if (!take_field(&in, &field, &value, &bytes))
			return false;
		if (field != RESULT_TOKENS)
			continue;
		if (!take_token(bytes, out->text, &out->list[out->count]))
			return false;
		if (out->count && out->list[out->count].start <= out->list[out->count - 1].start)
			return false;
		out->count++;
	}
	return true;
}

int spg_tokens(struct qw_bytes text, struct qw_arena *scratch, struct tokens *out)
{
	const char *sql = qw_arena_strdup(scratch, text);
	PgQueryScanResult scanned;
	struct qw_bytes answer;

	*out = (struct tokens){.text = text};
	if (!sql)
		return QW_E_NOMEM;
	scanned = pg_query_scan(sql);
	answer = qw_bytes(scanned.pbuf.data, scanned.error ? 0 : scanned.pbuf.len);
	out->list = qw_arena_alloc(scratch, (answer.n / TOKEN_BYTES_MIN + 1) * sizeof(*out->list));
	if (out->list && !take_tokens(answer, out))
		out->count = 0;
	pg_query_free_scan_result(scanned);
	return out->list ? 0 : QW_E_NOMEM;
}

bool spg_token_is(const struct tokens *t, size_t i, const char *keyword)
{
	const struct token *k = &t->list[i];

	return i < t->count && k->length == strlen(keyword) &&
	       strncasecmp((const char *)t->text.p + k->start, keyword, k->length) == 0;
}
