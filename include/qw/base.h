/* What every room stands on: spans, errors, arenas, buffers. Knows nobody. */
#ifndef QW_BASE_H
#define QW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define QW_MUST_CHECK __attribute__((warn_unused_result))
#define QW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define QW_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- errors: 0 is good, everything else is negative and has a name and a text ---- */
#define QW_ERRORS(X) \
	X(NOMEM, "out of memory") \
	X(LIMIT, "a configured limit was exceeded") \
	X(MALFORMED, "malformed input") \
	X(INCOMPLETE, "more bytes are needed") \
	X(UNSUPPORTED, "not supported") \
	X(DENIED, "denied") \
	X(NOTFOUND, "not found") \
	X(STATE, "not allowed in this state") \
	X(IO, "input or output failed") \
	X(CRYPTO, "a cryptographic operation failed") \
	X(CONFIG, "invalid configuration") \
	X(FULL, "no room left, try again later") \
	X(EXPIRED, "expired") \
	X(DUPLICATE, "occurs more than once")

enum qw_error_index {
#define X(name, text) QW_EI_##name,
	QW_ERRORS(X)
#undef X
};
enum qw_error {
	QW_OK = 0,
#define X(name, text) QW_E_##name = -1 - QW_EI_##name,
	QW_ERRORS(X)
#undef X
};
const char *qw_error_name(int err); /* "NOMEM"; "OK" for 0; "UNKNOWN" for anything else */
const char *qw_error_text(int err);

/* A broken promise of our own code: prints where and aborts. Wire bytes can never reach one. */
#define QW_ASSERT(cond) ((cond) ? (void)0 : qw_assert_failed(#cond, __FILE__, __LINE__))
__attribute__((noreturn)) void qw_assert_failed(const char *what, const char *file, int line);

/* ---- spans: borrowed bytes; nobody else pairs a pointer with a length ---- */
struct qw_bytes {
	const uint8_t *p;
	size_t n;
};
#define QW_LIT(s) ((struct qw_bytes){(const uint8_t *)("" s), sizeof(s) - 1})

static inline struct qw_bytes qw_bytes(const void *p, size_t n)
{
	return (struct qw_bytes){p, n};
}
static inline struct qw_bytes qw_bytes_from(const char *s) /* NULL gives an empty span */
{
	return (struct qw_bytes){(const uint8_t *)s, s ? strlen(s) : 0};
}
static inline bool qw_bytes_equal(struct qw_bytes a, struct qw_bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool qw_bytes_equal_consttime(struct qw_bytes a, struct qw_bytes b); /* time depends on lengths only */
bool qw_utf8_valid(struct qw_bytes s); /* strict: no overlong, surrogate or > U+10FFFF; NUL is refused */
void qw_hex(struct qw_bytes in, char *out /* 2 * in.n + 1 */);
int qw_unhex(struct qw_bytes in, uint8_t *out /* in.n / 2 */) QW_MUST_CHECK;

/* ---- arena: memory with one lifetime, named by its owner; NULL when `max` would be passed ---- */
struct qw_arena {
	struct qw_arena_chunk *head;
	size_t used, max;
};
void qw_arena_init(struct qw_arena *a, size_t max_bytes);
void qw_arena_fini(struct qw_arena *a);
void qw_arena_reset(struct qw_arena *a); /* keeps one chunk for re-use */
void *qw_arena_alloc(struct qw_arena *a, size_t n); /* zeroed, aligned for any type */
char *qw_arena_strdup(struct qw_arena *a, struct qw_bytes s); /* NUL-terminated copy */
char *qw_arena_printf(struct qw_arena *a, const char *fmt, ...) QW_PRINTF(2, 3);

/* ---- buffer: growable bytes with a maximum ---- */
struct qw_buf {
	uint8_t *p;
	size_t n, cap, max;
	size_t off; /* bytes at the front that are consumed already */
};
void qw_buf_init(struct qw_buf *b, size_t max_bytes);
void qw_buf_fini(struct qw_buf *b);
void qw_buf_clear(struct qw_buf *b);
int qw_buf_reserve(struct qw_buf *b, size_t more) QW_MUST_CHECK; /* LIMIT or NOMEM, unchanged then */
int qw_buf_append(struct qw_buf *b, const void *p, size_t n) QW_MUST_CHECK;
int qw_buf_printf(struct qw_buf *b, const char *fmt, ...) QW_PRINTF(2, 3) QW_MUST_CHECK;
void qw_buf_consume(struct qw_buf *b, size_t n); /* n <= pending; storage is freed when large and empty */
static inline struct qw_bytes qw_buf_pending(const struct qw_buf *b)
{
	return (struct qw_bytes){b->p ? b->p + b->off : NULL, b->n - b->off};
}

#endif
