/* What stands between blanks: numbers, words and names. Facts: outfuncs.c of PostgreSQL, outToken() and outDatum(). */
#include "reader.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* A text of the arena as a token. The room always suffices: each token is followed by a byte that is none. */
static void put_token(struct reader *r, size_t n, struct qtree_value *out)
{
	r->token[n] = '\0';
	*out = (struct qtree_value){.kind = QTREE_TOKEN, .token = qw_bytes(r->token, n)};
	r->token += n + 1;
}

static void put_word(const char *word, struct qtree_value *out)
{
	*out = (struct qtree_value){.kind = QTREE_TOKEN, .token = qw_bytes_from(word)};
}

/* printf's %d, %u, %ld: no plus, no leading zero. Returns the length, 0 if it is none. */
static size_t number_length(const uint8_t *p, bool is_signed)
{
	const uint8_t *digits = p + (is_signed && *p == '-');
	size_t n = 0;

	while (n < 20 && is_digit(digits[n]))
		n++;
	if (n == 0 || is_digit(digits[n]) || (digits[0] == '0' && (n > 1 || digits != p)))
		return 0;
	return (size_t)(digits - p) + n;
}

int read_number(struct reader *r, bool is_signed, struct qtree_value *out)
{
	size_t n = number_length(r->at, is_signed);

	if (n == 0)
		return reader_fail(r, QW_E_MALFORMED, "a number was expected");
	memcpy(r->token, r->at, n);
	r->at += n;
	put_token(r, n, out);
	return 0;
}

int read_float(struct reader *r, struct qtree_value *out)
{
	size_t n = 0;

	while (is_digit(r->at[n]) || (r->at[n] && strchr(".e+-", r->at[n])))
		n++;
	if (n == 0)
		return reader_fail(r, QW_E_MALFORMED, "a number was expected");
	memcpy(r->token, r->at, n);
	r->at += n;
	put_token(r, n, out);
	return 0;
}

static int read_word(struct reader *r, const char *const *words, size_t count, struct qtree_value *out)
{
	for (size_t i = 0; i < count; i++)
		if (reader_skip(r, words[i], strlen(words[i]))) {
			put_word(words[i], out);
			return 0;
		}
	return reader_fail(r, QW_E_MALFORMED, "another word was expected");
}

int read_bool(struct reader *r, struct qtree_value *out)
{
	static const char *const words[] = {"false", "true"};

	return read_word(r, words, QW_COUNT(words), out);
}

int read_boolop(struct reader *r, struct qtree_value *out)
{
	static const char *const words[] = {"and", "or", "not"};

	return read_word(r, words, QW_COUNT(words), out);
}

/* ---- strings ---- */

static bool is_escaped_anywhere(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '(' || c == ')' || c == '{' || c == '}' || c == '\\';
}

/* Must the string have a backslash before its first byte, because of what stands at its start? */
static bool is_escaped_first(const char *s, size_t n)
{
	char second = n > 1 ? s[1] : '\0';

	return s[0] == '<' || s[0] == '"' || is_digit((uint8_t)s[0]) ||
	       ((s[0] == '+' || s[0] == '-') && (is_digit((uint8_t)second) || second == '.'));
}

/*
 * Up to the next byte that no escaped string holds plainly, or the end. Only what outToken() would write is taken: a
 * backslash only and always where it writes one. *n: of the text in r->token, not yet put. *plain_last: is the last byte
 * without a backslash?
 */
static int unescape(struct reader *r, size_t *n, bool *plain_last)
{
	const uint8_t *p = r->at;
	char *to = r->token;
	bool first_escaped = *p == '\\', is_odd = false;

	*plain_last = false;
	for (; *p && (*p == '\\' || !is_escaped_anywhere(*p)); p++) {
		*plain_last = *p != '\\';
		if (!*plain_last) {
			p++;
			is_odd |= to != r->token && !is_escaped_anywhere(*p);
			if (*p == '\0')
				break;
		}
		*to++ = (char)*p;
	}
	*n = (size_t)(to - r->token);
	if (is_odd || *n == 0 || p > r->end)
		return reader_fail(r, QW_E_MALFORMED, "a string was expected");
	if (first_escaped != (is_escaped_anywhere((uint8_t)r->token[0]) || is_escaped_first(r->token, *n)))
		return reader_fail(r, QW_E_MALFORMED, "the string is not escaped as the server does it");
	r->at = p;
	return 0;
}

int read_string(struct reader *r, struct qtree_value *out)
{
	bool plain_last;
	size_t n;
	int err;

	if (READER_SKIP(r, "<>"))
		return 0;
	if (r->table->major >= 16 && READER_SKIP(r, "\"\"")) {
		put_word("", out);
		return 0;
	}
	err = unescape(r, &n, &plain_last);
	if (!err)
		put_token(r, n, out);
	return err;
}

int read_char(struct reader *r, struct qtree_value *out)
{
	int err = read_string(r, out);

	if (!err && out->kind == QTREE_TOKEN && out->token.n != 1)
		err = reader_fail(r, QW_E_MALFORMED, "one character was expected");
	return err;
}

/* The string of a list of names: "..." where the quotes themselves are not escaped, but what is between them is. */
int read_quoted(struct reader *r, struct qtree_value *out)
{
	bool plain_last;
	size_t n;
	int err;

	if (!READER_SKIP(r, "\""))
		return reader_fail(r, QW_E_MALFORMED, "a name in quotes was expected");
	if (r->at[0] == '"') { /* a quote at a string's start is escaped, so this is the end */
		r->at++;
		put_word("", out);
		return 0;
	}
	err = unescape(r, &n, &plain_last);
	if (err)
		return err;
	if (n < 2 || !plain_last || r->token[n - 1] != '"')
		return reader_fail(r, QW_E_MALFORMED, "a name in quotes was expected");
	/* What stood at the start was judged with the quote behind it, which changes nothing: no rule looks for one. */
	put_token(r, n - 1, out);
	return 0;
}

/* ---- numbers ---- */

static size_t count_until(const uint8_t *p, uint8_t what, uint8_t end)
{
	size_t n = 0;

	for (; *p && *p != end; p++)
		n += *p == what;
	return n;
}

/* A number that must lie between; the text has one blank or bracket behind it, which is not read. */
static int read_integer(struct reader *r, int64_t min, int64_t max, int64_t *out)
{
	bool is_negative = *r->at == '-';
	size_t n = number_length(r->at, min < 0);
	int64_t v = 0;

	if (n == 0 || n > 11)
		return reader_fail(r, QW_E_MALFORMED, "a number was expected");
	for (size_t i = is_negative; i < n; i++)
		v = v * 10 + (r->at[i] - '0');
	*out = is_negative ? -v : v;
	if (*out < min || *out > max)
		return reader_fail(r, QW_E_MALFORMED, "a number that is out of its range");
	r->at += n;
	return 0;
}

int read_numbers(struct reader *r, char letter, struct qtree_value *out)
{
	int64_t min = letter == 'i' ? INT32_MIN : 0, max = letter == 'o' ? UINT32_MAX : INT32_MAX, *items;
	size_t count;
	int err = 0;

	if (r->at[0] != '(' || r->at[1] != (uint8_t)letter)
		return reader_fail(r, QW_E_MALFORMED, "a list of numbers was expected");
	r->at += 2;
	count = count_until(r->at, ' ', ')');
	items = qw_arena_alloc(r->arena, (count + 1) * sizeof(*items));
	if (!items)
		return reader_fail(r, QW_E_NOMEM, "out of memory");
	for (size_t i = 0; !err && i < count; i++) {
		if (!READER_SKIP(r, " "))
			return reader_fail(r, QW_E_MALFORMED, "a list of numbers was expected");
		err = read_integer(r, min, max, &items[i]);
	}
	if (!err && (!READER_SKIP(r, ")") || (count == 0 && letter != 'b')))
		err = reader_fail(r, QW_E_MALFORMED, "a list of numbers was expected");
	*out = (struct qtree_value){.kind = QTREE_NUMBERS, .numbers = {items, count}};
	return err;
}

/* A C char: signed on x86, unsigned on ARM; one server is the one or the other. */
static int read_byte(struct reader *r, uint8_t *out)
{
	int64_t byte;
	int err = read_integer(r, INT8_MIN, UINT8_MAX, &byte);

	if (err)
		return err;
	r->has_negative_bytes |= byte < 0;
	r->has_large_bytes |= byte > INT8_MAX;
	*out = (uint8_t)byte;
	if (!READER_SKIP(r, " ") || (r->has_negative_bytes && r->has_large_bytes))
		return reader_fail(r, QW_E_MALFORMED, "a byte of a datum was expected");
	return 0;
}

/* `4 [ 1 0 0 0 0 0 0 0 ]`: a value that is passed by value is 8 bytes of memory, of which the first ones count. */
static int read_datum_bytes(struct reader *r, bool is_by_value, int64_t type_length, struct qtree_value *out)
{
	int64_t length;
	uint8_t *bytes;
	size_t count;
	int err = read_integer(r, 0, UINT32_MAX, &length);

	if (err)
		return err;
	if (!READER_SKIP(r, " [ "))
		return reader_fail(r, QW_E_MALFORMED, "a datum was expected");
	count = count_until(r->at, ' ', ']');
	if (count != (is_by_value ? 8 : (size_t)length) || (type_length >= 0 && length != type_length))
		return reader_fail(r, QW_E_MALFORMED, "a datum of another length was expected");
	bytes = qw_arena_alloc(r->arena, count + 1);
	if (!bytes)
		return reader_fail(r, QW_E_NOMEM, "out of memory");
	for (size_t i = 0; !err && i < count; i++)
		err = read_byte(r, &bytes[i]);
	if (!err && !READER_SKIP(r, "]"))
		err = reader_fail(r, QW_E_MALFORMED, "the end of a datum was expected");
	*out = (struct qtree_value){.kind = QTREE_DATUM, .datum = qw_bytes(bytes, count)};
	return err;
}

int read_datum(struct reader *r, const struct qtree_node *constant, struct qtree_value *out)
{
	bool is_null, is_by_value;
	int64_t length;

	if (!qtree_bool(qtree_get(constant, "constisnull"), &is_null) ||
		!qtree_bool(qtree_get(constant, "constbyval"), &is_by_value) ||
		!qtree_int(qtree_get(constant, "constlen"), &length))
		return reader_fail(r, QW_E_MALFORMED, "a datum that is not a constant's");
	if (is_null)
		return READER_SKIP(r, "<>") ? 0 : reader_fail(r, QW_E_MALFORMED, "a null datum was expected");
	return read_datum_bytes(r, is_by_value, length, out);
}
