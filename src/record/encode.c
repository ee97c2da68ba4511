#include "qw/record.h"

/* How much of `out` is there in front of this record: `out` may slide while it grows, what is
 * pending does not. */
static size_t pending_bytes(const struct qw_buf *b)
{
	return b->n - b->off;
}

static void put_be(uint8_t *p, uint64_t v, size_t n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

void qw_record_begin(struct qw_record *r, struct qw_buf *out, const struct qw_record_header *h)
{
	uint8_t b[QW_RECORD_HEADER_BYTES];

	*r = (struct qw_record){.out = out, .mark = pending_bytes(out)};
	put_be(b, h->version, 2);
	put_be(b + 2, h->type, 2);
	put_be(b + 4, h->wall_us, 8);
	put_be(b + 12, h->mono_us, 8);
	memcpy(b + 20, h->session, QW_SESSION_ID_BYTES);
	put_be(b + 20 + QW_SESSION_ID_BYTES, h->session_seq, 8);
	r->err = qw_buf_append(out, b, sizeof(b));
}

static void put_field(struct qw_record *r, enum qw_record_field f, struct qw_bytes v)
{
	uint8_t head[5] = {(uint8_t)f};

	if (r->err)
		return;
	if (v.n > UINT32_MAX - sizeof(head)) {
		r->err = QW_E_LIMIT;
		return;
	}
	put_be(head + 1, v.n, 4);
	r->err = qw_buf_reserve(r->out, sizeof(head) + v.n);
	if (!r->err)
		r->err = qw_buf_append(r->out, head, sizeof(head));
	if (!r->err)
		r->err = qw_buf_append(r->out, v.p, v.n);
}

void qw_record_text(struct qw_record *r, enum qw_record_field f, const char *s)
{
	enum qw_field_kind kind;

	(void)qw_record_field_name(f, &kind);
	QW_ASSERT(kind == QW_KIND_TEXT);
	if (s)
		put_field(r, f, qw_bytes_from(s));
}

void qw_record_bytes(struct qw_record *r, enum qw_record_field f, struct qw_bytes b)
{
	enum qw_field_kind kind;

	(void)qw_record_field_name(f, &kind);
	QW_ASSERT(kind == QW_KIND_TEXT || kind == QW_KIND_BYTES ||
		  (kind == QW_KIND_DIGEST && b.n == 32));
	put_field(r, f, b);
}

void qw_record_u64(struct qw_record *r, enum qw_record_field f, uint64_t v)
{
	enum qw_field_kind kind;
	uint8_t b[8];

	(void)qw_record_field_name(f, &kind);
	QW_ASSERT(kind == QW_KIND_U64);
	put_be(b, v, sizeof(b));
	put_field(r, f, qw_bytes(b, sizeof(b)));
}

int qw_record_end(struct qw_record *r)
{
	/* Half a record is worse than none: the reader of `out` would take its start for a whole
	 * one. */
	if (r->err && pending_bytes(r->out) > r->mark)
		r->out->n = r->out->off + r->mark;
	return r->err;
}
