#include "room.h"

enum {
	NAME_BYTES_MAX = 63,
	FILL_MAX = 1024, /* a longer char(n) is left unfilled: still legal, and cheap */
	PARTIAL_CHARS_MIN = 8, /* a shorter value is hidden whole */
	PARTIAL_HIDDEN_MIN = 4,
	TOKEN_DIGITS = 20, /* 80 bits */
	TOKEN_BYTES = 4 + TOKEN_DIGITS,
	DOMAIN_MAX = 255
};
static const char token_prefix[4] = "tok_";

static bool is_tail(uint8_t c) /* of a UTF-8 sequence */
{
	return (c & 0xC0) == 0x80;
}

int mask_put(struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	int err = qw_buf_append(out, value.p, value.n);

	*is_null = err != 0;
	return err;
}

/* Characters that a value of the column may have. */
static size_t chars_max(const struct mask_column *column, enum mask_class class)
{
	if ((class == CLASS_VARCHAR || class == CLASS_BPCHAR) && column->type_modifier > 4)
		return (size_t)column->type_modifier - 4;
	return class == CLASS_CHAR ? 1 : SIZE_MAX;
}

bool mask_ascii_fits(const struct mask_job *j, size_t chars)
{
	return chars <= chars_max(j->column, j->class) && (j->class != CLASS_NAME || chars <= NAME_BYTES_MAX);
}

/* Cuts to `max` characters; returns how many there are. */
static size_t cut_chars(struct qw_bytes *s, size_t max)
{
	size_t chars = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (is_tail(s->p[i]))
			continue;
		if (chars == max) {
			s->n = i;
			break;
		}
		chars++;
	}
	return chars;
}

static void cut_bytes(struct qw_bytes *s, size_t max)
{
	if (s->n <= max)
		return;
	while (max > 0 && is_tail(s->p[max]))
		max--;
	s->n = max;
}

int mask_fill(const struct mask_column *column, enum mask_class class, size_t chars, struct qw_buf *out)
{
	size_t max = chars_max(column, class), fill = 0;
	int err;

	if (class == CLASS_BPCHAR && max <= FILL_MAX && chars < max)
		fill = max - chars;
	err = qw_buf_reserve(out, fill);
	if (err || fill == 0)
		return err;
	memset(out->p + out->n, ' ', fill);
	out->n += fill;
	return 0;
}

int mask_put_text(const struct mask_column *column, enum mask_class class, struct qw_bytes text,
	struct qw_buf *out, bool *is_null)
{
	size_t max = chars_max(column, class), chars = 0, held = out->n - out->off;
	int err;

	if (max != SIZE_MAX)
		chars = cut_chars(&text, max);
	if (class == CLASS_NAME)
		cut_bytes(&text, NAME_BYTES_MAX);
	if (class == CLASS_CHAR && text.n != 1) /* a longer character is not one byte */
		return 0;
	err = mask_put(text, out, is_null);
	if (!err)
		err = mask_fill(column, class, chars, out);
	if (err) {
		out->n = out->off + held;
		*is_null = true;
	}
	return err;
}

struct qw_bytes mask_unfilled(enum mask_class class, struct qw_bytes value)
{
	while (class == CLASS_BPCHAR && value.n > 0 && value.p[value.n - 1] == ' ')
		value.n--;
	return value;
}

/*
 * The last `keep` characters of `value`, when it has at least `least` of them; an empty span
 * otherwise. Walks from the end, so that a long value costs no more than a short one.
 */
static struct qw_bytes kept_tail(struct qw_bytes value, size_t keep, size_t least)
{
	struct qw_bytes tail = {0};
	size_t chars = 0, i = value.n;

	while (i > 0 && chars < least) {
		i--;
		if (is_tail(value.p[i]))
			continue;
		chars++;
		if (chars == keep)
			tail = qw_bytes(value.p + i, value.n - i);
	}
	return chars < least || !qw_utf8_valid(tail) ? (struct qw_bytes){0} : tail;
}

int mask_partial(
	const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	size_t keep = j->column->spec->keep_last, least = keep + PARTIAL_HIDDEN_MIN;
	uint8_t text[4 + 4 * UINT8_MAX];
	struct qw_bytes tail;

	if (least < PARTIAL_CHARS_MIN)
		least = PARTIAL_CHARS_MIN;
	tail = kept_tail(mask_unfilled(j->class, value), keep, least);
	if (tail.n == 0 || tail.n > sizeof(text) - 4)
		return mask_redact(j->column, j->class, out, is_null);
	memcpy(text, "****", 4); /* always four: the length of what is hidden does not show */
	memcpy(text + 4, tail.p, tail.n);
	return mask_put_text(j->column, j->class, qw_bytes(text, 4 + tail.n), out, is_null);
}

/* ---- tokens ---- */
static void token_text(const uint8_t digest[QW_DIGEST_BYTES], char out[TOKEN_BYTES + 1])
{
	memcpy(out, token_prefix, sizeof(token_prefix));
	qw_hex(qw_bytes(digest, TOKEN_DIGITS / 2), out + sizeof(token_prefix));
}

static int put_token(
	const struct mask_job *j, const char *token, struct qw_buf *out, bool *is_null)
{
	size_t skip = 0;

	/* Where the whole token does not fit, digits are worth more than the prefix. */
	if (chars_max(j->column, j->class) < TOKEN_BYTES)
		skip = sizeof(token_prefix);
	return mask_put_text(
		j->column, j->class, qw_bytes(token + skip, TOKEN_BYTES - skip), out, is_null);
}

static unsigned hex_digit(uint8_t c)
{
	return c <= '9' ? (unsigned)c - '0' : (unsigned)(c | 0x20) - 'a' + 10;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* One byte of bytea's text form at *i: hex after "\\x", else escapes. False: no such form. */
static bool bytea_byte(struct qw_bytes s, bool is_hex_form, size_t *i, uint8_t *out)
{
	size_t left = s.n - *i;
	const uint8_t *p = s.p + *i;

	if (is_hex_form) {
		if (left < 2 || !is_hex(p[0]) || !is_hex(p[1]))
			return false;
		*out = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
		*i += 2;
		return true;
	}
	*out = p[0];
	*i += 1;
	if (p[0] != '\\')
		return true;
	if (left >= 2 && p[1] == '\\') {
		*i += 1;
		return true;
	}
	if (left < 4 || p[1] < '0' || p[1] > '3' || p[2] < '0' || p[2] > '7' || p[3] < '0' || p[3] > '7')
		return false;
	*out = (uint8_t)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
	*i += 3;
	return true;
}

/* The same bytes have the same token, however they are written. */
static int bytea_digest(const struct mask_job *j, struct qw_bytes value, uint8_t digest[QW_DIGEST_BYTES])
{
	bool is_hex_form = value.n >= 2 && value.p[0] == '\\' && value.p[1] == 'x';
	const char *domain = j->column->domain;
	uint8_t block[512];
	size_t n = 0, i = is_hex_form ? 2 : 0;
	int err;

	if (j->column->format == FORMAT_BINARY)
		return mask_digest(j->key, domain, value, digest);
	err = qw_hmac_start(j->key->hmac);
	if (!err)
		err = qw_hmac_add(j->key->hmac, qw_bytes(domain, strlen(domain) + 1));
	while (i < value.n && !err) {
		if (!bytea_byte(value, is_hex_form, &i, &block[n++]))
			return QW_E_MALFORMED;
		if (n == sizeof(block) || i >= value.n) {
			err = qw_hmac_add(j->key->hmac, qw_bytes(block, n));
			n = 0;
		}
	}
	qw_wipe(block, sizeof(block));
	return err ? err : qw_hmac_end(j->key->hmac, digest);
}

static int hash_bytea(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	char token[TOKEN_BYTES + 1], hex[2 + 2 * TOKEN_BYTES + 1] = "\\x";
	uint8_t digest[QW_DIGEST_BYTES];
	int err = bytea_digest(j, value, digest);

	if (err == QW_E_MALFORMED)
		return mask_redact(j->column, j->class, out, is_null);
	if (err)
		return err;
	token_text(digest, token);
	if (j->column->format == FORMAT_BINARY)
		return mask_put(qw_bytes(token, TOKEN_BYTES), out, is_null);
	qw_hex(qw_bytes(token, TOKEN_BYTES), hex + 2);
	return mask_put(qw_bytes(hex, 2 + 2 * TOKEN_BYTES), out, is_null);
}

static int hash_xml(const char *token, struct qw_buf *out, bool *is_null)
{
	char text[sizeof("<token></token>") + TOKEN_BYTES];

	memcpy(text, "<token>", 7);
	memcpy(text + 7, token, TOKEN_BYTES);
	memcpy(text + 7 + TOKEN_BYTES, "</token>", 8);
	return mask_put(qw_bytes(text, 15 + TOKEN_BYTES), out, is_null);
}

/* "tok_" as the first bytes, then 90 bits of the hash in a version 8 uuid (RFC 9562). */
static int hash_uuid(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	uint8_t uuid[16], digest[QW_DIGEST_BYTES];
	bool is_text = j->column->format == FORMAT_TEXT;
	char text[UUID_TEXT];
	int err;

	if (is_text ? !mask_uuid_parse(value, uuid) : value.n != sizeof(uuid))
		return mask_redact(j->column, j->class, out, is_null);
	if (!is_text)
		memcpy(uuid, value.p, sizeof(uuid));
	mask_uuid_text(uuid, text);
	err = mask_digest(j->key, j->column->domain, qw_bytes(text, sizeof(text)), digest);
	if (err)
		return err;
	memcpy(uuid, token_prefix, 4);
	memcpy(uuid + 4, digest, 12);
	uuid[6] = (uint8_t)(0x80 | (uuid[6] & 0x0F));
	uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3F));
	mask_uuid_text(uuid, text);
	return mask_put(is_text ? qw_bytes(text, sizeof(text)) : qw_bytes(uuid, sizeof(uuid)), out, is_null);
}

int mask_hash(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	char token[TOKEN_BYTES + 1];
	uint8_t digest[QW_DIGEST_BYTES];
	int err;

	if (j->class == CLASS_UUID)
		return hash_uuid(j, value, out, is_null);
	if (j->class == CLASS_BYTEA)
		return hash_bytea(j, value, out, is_null);
	if (j->class == CLASS_NUMERIC || (j->class >= CLASS_INT2 && j->class <= CLASS_OID))
		return mask_ff1(j, value, out, is_null); /* joinable, and a number */
	if (j->class == CLASS_JSONB && j->column->format == FORMAT_BINARY && value.n)
		value = qw_bytes(value.p + 1, value.n - 1); /* the version */
	err = mask_digest(j->key, j->column->domain, mask_unfilled(j->class, value), digest);
	if (err)
		return err;
	token_text(digest, token);
	if (j->class == CLASS_JSON || j->class == CLASS_JSONB)
		return mask_json_string(j, qw_bytes(token, TOKEN_BYTES), out, is_null);
	if (j->class == CLASS_XML)
		return hash_xml(token, out, is_null);
	return put_token(j, token, out, is_null);
}

/* ---- addresses ---- */

/* Providers whose domain says nothing about a person, among so many. */
static const char public_domains[] =
	"gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com mac.com "
	"aol.com proton.me protonmail.com gmx.com gmx.net gmx.de web.de t-online.de mail.com mail.ru yandex.ru qq.com 163.com "
	"126.com naver.com orange.fr free.fr libero.it zoho.com fastmail.com";
static const char masked_tld[] = ".invalid"; /* RFC 2606: nobody's mail */

static bool domain_is_listed(const char *list, struct qw_bytes domain)
{
	while (*list) {
		size_t n = strcspn(list, " ");

		if (qw_bytes_equal(qw_bytes(list, n), domain))
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}

/* The domain of an address in small letters; false: this is none. */
static bool address_domain(struct qw_bytes value, uint8_t lower[DOMAIN_MAX], size_t *n)
{
	size_t at = value.n;

	while (at > 0 && value.p[at - 1] != '@')
		at--;
	*n = value.n - at;
	if (at < 2 || *n < 3 || *n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < *n; i++) {
		uint8_t c = value.p[at + i];

		lower[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		if (c <= ' ')
			return false;
	}
	return memchr(lower, '.', *n) && qw_utf8_valid(value);
}

int mask_email(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	const struct mask_spec *spec = j->column->spec;
	uint8_t digest[QW_DIGEST_BYTES], domain[DOMAIN_MAX];
	char text[TOKEN_BYTES + 1 + DOMAIN_MAX + 1];
	size_t n = 0;
	int err;

	value = mask_unfilled(j->class, value);
	if (!address_domain(value, domain, &n))
		return mask_redact(j->column, j->class, out, is_null);
	err = mask_digest(j->key, j->column->domain, value, digest);
	if (err)
		return err;
	token_text(digest, text);
	text[TOKEN_BYTES] = '@';
	if (domain_is_listed(spec->constant ? spec->constant : public_domains, qw_bytes(domain, n))) {
		memcpy(text + TOKEN_BYTES + 1, domain, n);
	} else {
		err = mask_digest_for(j->key, "mail", j->column->domain, qw_bytes(domain, n), digest);
		if (err)
			return err;
		qw_hex(qw_bytes(digest, TOKEN_DIGITS / 2), text + TOKEN_BYTES + 1);
		memcpy(text + TOKEN_BYTES + 1 + TOKEN_DIGITS, masked_tld, sizeof(masked_tld));
		n = TOKEN_DIGITS + sizeof(masked_tld) - 1;
	}
	n += TOKEN_BYTES + 1;
	if (!mask_ascii_fits(j, n))
		return put_token(j, text, out, is_null); /* half an address would be none */
	return mask_put_text(j->column, j->class, qw_bytes(text, n), out, is_null);
}
