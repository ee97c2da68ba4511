/*
 * Whole conversations: any bytes of client and server, any events in any order. The session never asserts, and what
 * tests/transcript/watch.h says holds. Seeds: the transcripts (make_session_seeds).
 */
#include "harness.h"
#include "play.h"
#include "session_ops.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct harness *open_once(void)
{
	static struct harness h;
	static bool is_open;
	char *policy;

	if (is_open)
		return &h;
	policy = play_read(FUZZ_POLICY);
	harness_open(&h, FUZZ_POLICY, policy);
	free(policy);
	h.is_quiet = h.is_wild = is_open = true;
	return &h;
}

/* The gateway's own names are a secret of each session, but these sessions all have the same: a client that says it has cheated. */
static bool cheats(struct qw_buf *said, enum session_side side, struct qw_bytes bytes)
{
	static const char refused[] = "qw_deny_0707", own[] = "qw_tree_0707";
	struct qw_bytes all;

	if (side == SESSION_UPSTREAM)
		return false;
	QW_ASSERT(!qw_buf_append(said, bytes.p, bytes.n));
	all = qw_buf_pending(said);
	return all.n && (memmem(all.p, all.n, own, sizeof(own) - 1) || memmem(all.p, all.n, refused, sizeof(refused) - 1));
}

static size_t say(struct harness *h, enum session_side side, struct qw_bytes rest, struct qw_buf *said)
{
	size_t n;

	if (rest.n < 2)
		return rest.n;
	n = (size_t)rest.p[0] << 8 | rest.p[1];
	if (n > rest.n - 2)
		n = rest.n - 2;
	if (cheats(said, side, qw_bytes(rest.p + 2, n)))
		return rest.n; /* the end */
	harness_feed(h, side, qw_bytes(rest.p + 2, n));
	return n + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness *h = open_once();
	struct qw_bytes rest = qw_bytes(data, size);
	struct qw_buf said;

	harness_end(h);
	harness_forget(h); /* every input means the same, whatever came before */
	QW_ASSERT(harness_begin(h));
	qw_buf_init(&said, 1 << 24);
	while (rest.n && !h->is_closed) {
		size_t op = rest.p[0] % (OP_EVENTS + QW_COUNT(session_events)), n = 0;

		rest = qw_bytes(rest.p + 1, rest.n - 1);
		if (op == OP_CLIENT || op == OP_UPSTREAM)
			n = say(h, op == OP_CLIENT ? SESSION_CLIENT : SESSION_UPSTREAM, rest, &said);
		else if (op == OP_AUDITED)
			(void)harness_answer_audit(h);
		else
			harness_event(h, session_events[op - OP_EVENTS]);
		rest = qw_bytes(rest.p + n, rest.n - n);
	}
	harness_end(h);
	qw_buf_fini(&said);
	return 0;
}
