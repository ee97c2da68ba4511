/*
 * Random conversations against a small PostgreSQL: any order of messages and events. The gateway never asserts, never hangs,
 * answers in the protocol's order, and ends where the server is. With `faults`, an allocation of each conversation fails.
 * Usage: test_session_random POLICY [SEED COUNT [faults]]
 */
#include "backend.h"
#include "client.h"
#include "faults.h"
#include "harness.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 80, CONVERSATIONS = 5000 };

struct talk {
	struct harness h;
	struct client client;
	struct backend backend;
	bool is_on; /* after the login */
};

static void on_bytes(struct harness *h, enum session_side side, struct qw_bytes bytes)
{
	struct talk *t = h->user;

	if (!t->is_on)
		return;
	if (side == SESSION_CLIENT)
		client_on(&t->client, bytes);
	else
		backend_on(&t->backend, bytes);
}

/* One conversation alone is printed as it goes. */
static void print_fed(enum session_side side, struct qw_bytes b)
{
	struct qw_buf words;

	qw_buf_init(&words, 1 << 20);
	while (b.n && !words_print(&b, side == SESSION_UPSTREAM, &words)) {
		(void)fprintf(stderr, "%s %.*s\n", side == SESSION_CLIENT ? "C>" : "U<", (int)words.n, (char *)words.p);
		qw_buf_clear(&words);
	}
	if (b.n)
		(void)fprintf(stderr, "%s and %zu bytes\n", side == SESSION_CLIENT ? "C>" : "U<", b.n);
	qw_buf_fini(&words);
}

static void speak(struct talk *t, void (*how)(struct client *, struct qw_buf *))
{
	struct qw_buf b;

	qw_buf_init(&b, 1 << 20);
	how(&t->client, &b);
	t->h.cut = client_random(&t->client, 3) ? 0 : 1 + client_random(&t->client, 20);
	if (t->h.is_loud)
		print_fed(SESSION_CLIENT, qw_buf_pending(&b));
	if (qw_buf_pending(&b).n)
		harness_feed(&t->h, SESSION_CLIENT, qw_buf_pending(&b));
	qw_buf_fini(&b);
}

static bool deliver(struct talk *t, bool all)
{
	struct qw_bytes b = qw_buf_pending(&t->backend.out);
	struct qw_buf piece;
	size_t n = all ? b.n : 1 + (b.n ? client_random(&t->client, (uint32_t)b.n) : 0);

	if (b.n == 0)
		return false;
	qw_buf_init(&piece, 1 << 22);
	QW_ASSERT(!qw_buf_append(&piece, b.p, n)); /* the backend may grow its buffer while we speak */
	qw_buf_consume(&t->backend.out, n);
	t->h.cut = 0;
	if (t->h.is_loud)
		print_fed(SESSION_UPSTREAM, qw_buf_pending(&piece));
	harness_feed(&t->h, SESSION_UPSTREAM, qw_buf_pending(&piece));
	qw_buf_fini(&piece);
	return true;
}

static void step(struct talk *t)
{
	uint32_t what = client_random(&t->client, 100);

	if (what < 35)
		speak(t, client_speak);
	else if (what < 60)
		(void)deliver(t, what < 50);
	else if (what < 85)
		(void)harness_answer_audit(&t->h);
	else if (what < 90)
		(void)harness_answer_catalog(&t->h);
	else if (what < 93)
		(void)harness_answer_parse(&t->h);
	else if (what < 96)
		(void)harness_answer_hold(&t->h, client_random(&t->client, 2));
	else if (what == 96)
		harness_event(&t->h, "tick 30");
	else if (what == 97)
		harness_event(&t->h, "cancel");
	else if (what == 98) {
		if (t->h.owes_cancel && client_random(&t->client, 2)) /* it may come late: something else is hit */
			t->backend.cancel_in = 1 + client_random(&t->client, 12);
		(void)harness_answer_cancel(&t->h);
	}
	else if (client_random(&t->client, 8) == 0)
		harness_event(&t->h, "policy");
}

static void settle(struct talk *t)
{
	bool any = true;

	for (int i = 0; any && i < 10000; i++) {
		any = deliver(t, true);
		any |= harness_answer_audit(&t->h);
		any |= harness_answer_catalog(&t->h);
		any |= harness_answer_parse(&t->h);
		any |= harness_answer_hold(&t->h, true);
		any |= harness_answer_cancel(&t->h);
	}
	QW_ASSERT(!any);
}

static void check_end(struct talk *t)
{
	struct session_info info;

	if (t->h.is_closed || t->client.gone)
		return;
	session_info_get(t->h.session, &info);
	QW_ASSERT(strcmp(info.state, "ready") == 0);
	QW_ASSERT(client_is_answered(&t->client)); /* nobody waits for anything */
	QW_ASSERT(t->client.last_status == t->backend.tx); /* client and server believe the same */
	QW_ASSERT(qw_buf_pending(&t->backend.held).n == 0);
	watch_quiet(&t->h.watch);
}

static void converse(struct talk *t, uint64_t seed, long fault)
{
	const char *role;

	client_init(&t->client, seed * 2654435761u + 1);
	backend_init(&t->backend);
	QW_ASSERT(harness_begin(&t->h));
	role = client_random(&t->client, 6) ? "agent" : "admin";
	harness_login(&t->h, role, "3.0");
	t->h.watch.hides_canaries = strcmp(role, "agent") == 0;
	t->h.config.audit_mode = client_random(&t->client, 3);
	t->h.manual_audit = client_random(&t->client, 2);
	t->h.manual_catalog = client_random(&t->client, 2);
	t->h.manual_parse = client_random(&t->client, 2);
	t->is_on = true;
	faults_left = fault;
	for (int i = 0; i < STEPS && !t->h.is_closed; i++)
		step(t);
	settle(t);
	speak(t, client_finish);
	settle(t);
	speak(t, client_finish); /* a COPY may have begun only now */
	settle(t);
	faults_left = -1;
	check_end(t);
	t->is_on = false;
	harness_end(&t->h);
	client_fini(&t->client);
	backend_fini(&t->backend);
}

static char *read_policy(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 16);

	QW_ASSERT(f && text && fread(text, 1, (1 << 16) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

int main(int argc, char **argv)
{
	static struct talk t;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : argc > 2 ? 1 : CONVERSATIONS;
	char *policy;
	size_t closed = 0;

	if (argc < 2)
		return 2;
	policy = read_policy(argv[1]);
	harness_open(&t.h, argv[1], policy);
	harness_end(&t.h);
	t.h.is_quiet = count > 1;
	t.h.is_loud = count == 1;
	t.h.own_server = true;
	t.h.on_bytes = on_bytes;
	t.h.user = &t;
	for (uint64_t i = 0; i < count; i++) {
		if (count > 1)
			(void)fprintf(stderr, "\rseed %d ", (int)(first + i));
		converse(&t, first + i, argc > 4 ? (long)((first + i) * 7 % 97) : -1);
		closed += t.h.was_closed;
	}
	harness_close(&t.h);
	free(policy);
	(void)printf("%d conversations, %d ended by the gateway\n", (int)count, (int)closed);
	return 0;
}
