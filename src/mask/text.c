#include "room.h"

enum {
	NAME_BYTES_MAX = 63,
	FILL_MAX = 1024, /* a longer char(n) is left unfilled: still legal, and cheap */
	PARTIAL_CHARS_MIN = 8, /* a shorter value is hidden whole */
	PARTIAL_HIDDEN_MIN = 4,
	TOKEN_DIGITS = 20 /* 80 bits */
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

int mask_put_text(const struct mask_column *column, enum mask_class class, struct qw_bytes text,
	struct qw_buf *out, bool *is_null)
{
	size_t max = chars_max(column, class), chars, fill = 0;
	int err;

	if (max != SIZE_MAX) {
		chars = cut_chars(&text, max);
		if (class == CLASS_BPCHAR && max <= FILL_MAX)
			fill = max - chars;
	}
	if (class == CLASS_NAME)
		cut_bytes(&text, NAME_BYTES_MAX);
	if (class == CLASS_CHAR && text.n != 1) /* a longer character is not one byte */
		return 0;
	err = qw_buf_reserve(out, text.n + fill);
	if (err)
		return err;
	err = qw_buf_append(out, text.p, text.n);
	if (err)
		return err;
	if (fill) {
		memset(out->p + out->n, ' ', fill);
		out->n += fill;
	}
	*is_null = false;
	return 0;
}

/* char(n) is filled with blanks that are no part of the value. */
static struct qw_bytes unfilled(enum mask_class class, struct qw_bytes value)
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

int mask_partial(const struct mask_column *column, enum mask_class class, struct qw_bytes value,
	struct qw_buf *out, bool *is_null)
{
	size_t keep = column->spec->keep_last, least = keep + PARTIAL_HIDDEN_MIN;
	uint8_t text[4 + 4 * UINT8_MAX];
	struct qw_bytes tail;

	if (!mask_class_is_text(class))
		return 0;
	if (least < PARTIAL_CHARS_MIN)
		least = PARTIAL_CHARS_MIN;
	tail = kept_tail(unfilled(class, value), keep, least);
	if (tail.n == 0 || tail.n > sizeof(text) - 4)
		return mask_redact(column, class, out, is_null);
	memcpy(text, "****", 4); /* always four: the length of what is hidden does not show */
	memcpy(text + 4, tail.p, tail.n);
	return mask_put_text(column, class, qw_bytes(text, 4 + tail.n), out, is_null);
}

/* HMAC over domain, 0, value: neither can be shifted into the other, a domain holds no 0. */
static int token_digest(struct mask_key *key, const char *domain, struct qw_bytes value,
	uint8_t out[QW_DIGEST_BYTES])
{
	uint8_t joined[512];
	size_t n = strlen(domain) + 1;
	int err;

	if (n <= sizeof(joined) &&
		value.n <= sizeof(joined) - n) { /* one call into libcrypto instead of three */
		memcpy(joined, domain, n);
		if (value.n)
			memcpy(joined + n, value.p, value.n);
		err = qw_hmac_compute(key->hmac, qw_bytes(joined, n + value.n), out);
		qw_wipe(joined + n, value.n);
		return err;
	}
	err = qw_hmac_start(key->hmac);
	if (!err)
		err = qw_hmac_add(key->hmac, qw_bytes(domain, n));
	if (!err)
		err = qw_hmac_add(key->hmac, value);
	if (!err)
		err = qw_hmac_end(key->hmac, out);
	return err;
}

int mask_hash(const struct mask_column *column, enum mask_class class, struct mask_key *key,
	struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	char token[sizeof(token_prefix) + TOKEN_DIGITS + 1];
	size_t skip;
	uint8_t digest[QW_DIGEST_BYTES];
	int err;

	if (!mask_class_is_text(class))
		return 0;
	if (!key || !column->domain)
		return QW_E_STATE;
	err = token_digest(key, column->domain, unfilled(class, value), digest);
	if (err)
		return err;
	memcpy(token, token_prefix, sizeof(token_prefix));
	qw_hex(qw_bytes(digest, TOKEN_DIGITS / 2), token + sizeof(token_prefix));
	/* Where the whole token does not fit, digits are worth more than the prefix. */
	skip = chars_max(column, class) < sizeof(token) - 1 ? sizeof(token_prefix) : 0;
	return mask_put_text(
		column, class, qw_bytes(token + skip, sizeof(token) - 1 - skip), out, is_null);
}
