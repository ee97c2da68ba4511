/* Private to detect/. */
#ifndef QW_DETECT_ROOM_H
#define QW_DETECT_ROOM_H

#include "qw/detect.h"

/* Classes of bytes; a table look-up each. */
enum { D_DIGIT = 1, D_LOWER = 2, D_UPPER = 4, D_LINK = 8 /* _ and - */, D_LOCAL = 16 /* of the local part of an address */,
	D_BASE64 = 32 /* + / = */ };
extern const uint8_t detect_classes[256];

static inline bool is_of(uint8_t c, unsigned classes)
{
	return detect_classes[c] & classes;
}
static inline bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}
static inline bool is_alnum(uint8_t c)
{
	return is_of(c, D_DIGIT | D_LOWER | D_UPPER);
}

/* A text that is scanned, and where in it. What stands before `text` does not count. */
struct scan {
	struct qw_bytes text;
	uint32_t kinds; /* 1 << kind */
	bool is_key_like;
};
static inline bool wants(const struct scan *s, enum detect_kind kind)
{
	return s->kinds & 1u << kind;
}
/* The byte at i, 0 outside of the text. */
static inline uint8_t at(const struct scan *s, size_t i)
{
	return i < s->text.n ? s->text.p[i] : 0;
}
/* Where a run of bytes of these classes that begins at i ends. */
static inline size_t run_end(const struct scan *s, size_t i, unsigned classes)
{
	while (i < s->text.n && is_of(s->text.p[i], classes))
		i++;
	return i;
}

/* Could there be something? One pass; `run_classes`: of what long runs are suspicious. */
enum { D_RUN = D_DIGIT | D_LOWER | D_UPPER | D_LINK };
bool detect_suspects(struct qw_bytes text, bool is_key_like, unsigned run_classes);
/* The first match. */
bool detect_find(const struct scan *s, struct detect_match *m);

/* Each looks at one place and fills `m`. */
bool detect_email(const struct scan *s, size_t sign, struct detect_match *m);
bool detect_number(const struct scan *s, size_t i, struct detect_match *m); /* at the first digit of a run */
bool detect_e164(const struct scan *s, size_t plus, struct detect_match *m);
bool detect_area(const struct scan *s, size_t bracket, struct detect_match *m); /* (212) 555-0123 */
bool detect_iban(const struct scan *s, size_t i, struct detect_match *m);
bool detect_token(const struct scan *s, size_t i, struct detect_match *m); /* known prefixes, JWT */
bool detect_pem(const struct scan *s, size_t dash, struct detect_match *m);
bool detect_random(const struct scan *s, size_t i, struct detect_match *m);

bool detect_key_like(struct qw_bytes name);

/* JSON: one value that is no container. */
struct json_leaf {
	struct qw_bytes raw; /* between the quotes */
	bool is_string, has_escapes, is_key_like; /* the name before it speaks of a key */
};
struct json_walk {
	struct qw_bytes s;
	size_t at;
	bool is_key_like; /* of the last name */
};
bool detect_json_next(struct json_walk *w, struct json_leaf *leaf);
int detect_json_decode(struct qw_bytes raw, struct qw_buf *out) QW_MUST_CHECK;
int detect_json_encode(struct qw_bytes text, struct qw_buf *out) QW_MUST_CHECK;

/* Which kinds are in a cell of this form. */
uint32_t detect_kinds_in(const struct detect_column *column, uint32_t kinds, struct qw_bytes cell, struct qw_buf *scratch);

/* Binary arrays: bytes before the elements, 0: this is none; and the next element of what is left. */
size_t detect_array_head(struct qw_bytes cell);
bool detect_array_item(struct qw_bytes *left, struct qw_bytes *item, bool *is_null);

bool detect_bytea_is_hex(struct qw_bytes cell);
int detect_bytea_decode(struct qw_bytes cell, struct qw_buf *out) QW_MUST_CHECK;

#endif
