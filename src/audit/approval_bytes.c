#include "approval_bytes.h"

enum { FORMAT = 1, FIXED_BYTES = 8 + 3 * 8 + APPROVAL_DIGEST_BYTES + APPROVAL_ID_CHARS + 33 };

/* The order of the strings is stored: add at the end, under a new format number. */
#define STRINGS(X)                                                                                 \
	X(issuer)                                                                                  \
	X(subject)                                                                                 \
	X(actor) X(target) X(database) X(role) X(rule) X(policy_revision) X(approver) X(reason)    \
		X(binds_text) X(statement)

static void put_be(uint8_t *p, uint64_t v, size_t n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static int put_string(struct qw_buf *out, const char *s)
{
	struct qw_bytes b = qw_bytes_from(s);
	uint8_t length[4];
	int err;

	if (b.n >= UINT32_MAX)
		return QW_E_LIMIT;
	put_be(length, s ? b.n : UINT32_MAX, sizeof(length));
	err = qw_buf_append(out, length, sizeof(length));
	return err ? err : qw_buf_append(out, b.p, b.n);
}

int approval_encode(const struct approval *a, struct qw_buf *out)
{
	uint8_t fixed[FIXED_BYTES] = {FORMAT, (uint8_t)a->state}, *p = fixed + 8;
	int err;

	put_be(p, (uint64_t)a->created_us, 8);
	put_be(p + 8, (uint64_t)a->expires_us, 8);
	put_be(p + 16, (uint64_t)a->decided_us, 8);
	p += 24;
	memcpy(p, a->digest, APPROVAL_DIGEST_BYTES);
	p += APPROVAL_DIGEST_BYTES;
	memcpy(p, a->id, APPROVAL_ID_CHARS);
	p += APPROVAL_ID_CHARS;
	memcpy(p, a->session, strnlen(a->session, sizeof(a->session) - 1));
	err = qw_buf_append(out, fixed, sizeof(fixed));
#define X(name)                                                                                    \
	if (!err)                                                                                  \
		err = put_string(out, a->name);
	STRINGS(X)
#undef X
	return err;
}

static int take_string(struct qw_bytes *in, struct qw_arena *arena, const char **out)
{
	uint64_t n;

	*out = NULL;
	if (in->n < 4)
		return QW_E_MALFORMED;
	n = get_be(in->p, 4);
	*in = qw_bytes(in->p + 4, in->n - 4);
	if (n == UINT32_MAX)
		return 0;
	if (n > in->n || memchr(in->p, 0, n))
		return QW_E_MALFORMED;
	*out = qw_arena_strdup(arena, qw_bytes(in->p, n));
	*in = qw_bytes(in->p + n, in->n - n);
	return *out ? 0 : QW_E_NOMEM;
}

int approval_decode(struct qw_bytes in, struct qw_arena *arena, struct approval *out)
{
	const uint8_t *p = in.p;
	int err = 0;

	*out = (struct approval){.state = APPROVAL_DENIED};
	if (in.n < FIXED_BYTES || p[0] != FORMAT || p[1] > APPROVAL_WITHDRAWN)
		return QW_E_MALFORMED;
	out->state = (enum approval_state)p[1];
	out->created_us = (int64_t)get_be(p + 8, 8);
	out->expires_us = (int64_t)get_be(p + 16, 8);
	out->decided_us = (int64_t)get_be(p + 24, 8);
	p += 32;
	memcpy(out->digest, p, APPROVAL_DIGEST_BYTES);
	p += APPROVAL_DIGEST_BYTES;
	memcpy(out->id, p, APPROVAL_ID_CHARS);
	p += APPROVAL_ID_CHARS;
	memcpy(out->session, p, sizeof(out->session) - 1);
	in = qw_bytes(in.p + FIXED_BYTES, in.n - FIXED_BYTES);
#define X(name)                                                                                    \
	if (!err)                                                                                  \
		err = take_string(&in, arena, &out->name);
	STRINGS(X)
#undef X
	return err ? err : in.n ? QW_E_MALFORMED : 0;
}
