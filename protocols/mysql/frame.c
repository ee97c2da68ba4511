/*
 * Where a packet begins and ends: 3 bytes of length, 1 byte of sequence number. A frame that is
 * full (0xFFFFFF) goes on in the next one; an exact multiple ends with an empty frame.
 */
#include "internal.h"

enum { LENGTH_BYTES = 3 };

int mywire_frame_peek(struct qw_bytes in, uint8_t seq, uint32_t *payload_bytes)
{
	struct cursor c = cur_from(in);

	if (in.n < MYWIRE_HEADER)
		return QW_E_INCOMPLETE;
	*payload_bytes = (uint32_t)mywire_le(&c, LENGTH_BYTES);
	return cur_u8(&c) == seq ? 0 : QW_E_MALFORMED;
}

/* One frame off the cursor. INCOMPLETE, MALFORMED; LIMIT: it has more than max. */
static int take_frame(struct cursor *c, uint8_t seq, size_t max, struct qw_bytes *payload)
{
	struct cursor here = *c;
	uint32_t n;
	int err = mywire_frame_peek(cur_rest(&here), seq, &n);

	if (err)
		return err;
	if (n > max)
		return QW_E_LIMIT;
	(void)cur_bytes(c, MYWIRE_HEADER);
	if (n > cur_left(c))
		return QW_E_INCOMPLETE;
	*payload = cur_bytes(c, n);
	return 0;
}

int mywire_packet_peek(struct qw_bytes in, uint8_t seq, size_t max, struct mywire_packet *out)
{
	struct cursor c = cur_from(in);
	struct mywire_packet p = {.next = seq};
	struct qw_bytes payload;
	int err;

	do {
		err = take_frame(&c, p.next, max - p.payload_bytes, &payload);
		if (err)
			return err;
		p.next++;
		p.frames++;
		p.payload_bytes += payload.n;
	} while (payload.n == MYWIRE_FRAME_MAX);
	p.wire_bytes = in.n - cur_left(&c);
	if (p.frames == 1)
		p.payload = payload;
	*out = p;
	return 0;
}

int mywire_packet_join(struct qw_bytes in, const struct mywire_packet *p, struct qw_buf *out)
{
	struct cursor c = cur_from(in);
	int err = qw_buf_reserve(out, p->payload_bytes);

	for (uint32_t i = 0; i < p->frames && !err; i++) {
		uint32_t n = (uint32_t)mywire_le(&c, LENGTH_BYTES);
		struct qw_bytes part;

		(void)cur_u8(&c);
		part = cur_bytes(&c, n);
		err = qw_buf_append(out, part.p, part.n);
	}
	QW_ASSERT(err || !c.failed); /* the packet was peeked in these very bytes */
	return err;
}

/* A packet whose place is known: the header is filled in at the end, by mywire_end. */
void mywire_begin(struct builder *b, struct qw_buf *out)
{
	static const uint8_t header[MYWIRE_HEADER];
	size_t start = qw_buf_pending(out).n;

	bld_init(b, out);
	bld_bytes(b, qw_bytes(header, sizeof(header)));
	if (!b->err)
		b->mark = start + 1; /* from here on a failure takes the packet back */
}

static void put_header(uint8_t *p, size_t n, uint8_t seq)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
	p[2] = (uint8_t)(n >> 16);
	p[3] = seq;
}

/* Moves the payload apart, from its end, so that each full frame is followed by another header. */
static void split(uint8_t *packet, size_t payload_bytes, uint8_t seq)
{
	size_t frames = payload_bytes / MYWIRE_FRAME_MAX + 1;

	for (size_t i = frames; i-- > 0;) {
		size_t from = i * MYWIRE_FRAME_MAX;
		size_t n = i == frames - 1 ? payload_bytes - from : MYWIRE_FRAME_MAX;
		uint8_t *to = packet + from + i * MYWIRE_HEADER;

		memmove(to + MYWIRE_HEADER, packet + MYWIRE_HEADER + from, n);
		put_header(to, n, (uint8_t)(seq + i));
	}
}

int mywire_end(struct builder *b, uint8_t *seq)
{
	struct qw_buf *out = b->out;
	size_t start, n, more;
	int err;

	if (b->err)
		return b->err;
	QW_ASSERT(b->mark > 0);
	start = b->mark - 1;
	b->mark = 0;
	n = qw_buf_pending(out).n - start - MYWIRE_HEADER;
	more = n / MYWIRE_FRAME_MAX;
	err = more ? qw_buf_reserve(out, more * MYWIRE_HEADER) : 0;
	if (err) {
		out->n = out->off + start;
		b->err = err;
		return err;
	}
	out->n += more * MYWIRE_HEADER;
	split(out->p + out->off + start, n, *seq);
	*seq = (uint8_t)(*seq + more + 1);
	return 0;
}

int mywire_put_packet(struct qw_buf *out, uint8_t *seq, struct qw_bytes payload)
{
	struct builder b;

	mywire_begin(&b, out);
	bld_bytes(&b, payload);
	return mywire_end(&b, seq);
}
