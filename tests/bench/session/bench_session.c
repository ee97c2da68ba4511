/*
 * What one statement costs the session room alone: judged, recorded, relayed; no socket, no TLS, no disk, no server's time.
 *
 *   bench_session POLICY [STATEMENTS]
 *
 * The same text goes through two sessions of the agent, by turns: `relayed`, where nothing in the database is labelled (the policy
 * judges, nothing else), and the one with labels and masks, `cached`. `adds` is the difference: what a cached verdict on labelled
 * tables costs. `new` has another text each time, so that nothing is known of it: parsed, and if need be the tree asked for and judged.
 * Medians; a tree's size is what decides most of `new`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness.h"
#include "server.h"
#include "words.h"

enum { TURN = 100, WARM = 2 * TURN };

static const struct statement {
	const char *name, *sql, *columns, *row;
} statements[] = {
	{"clear", "select total from orders where id = 4711", "total:numeric@20002.3", "\"12.50\""},
	{"computed", "select id from customers where id = 1/0", "id:int4@20001.1", "\"4711\""},
	{"masked", "select id, ssn from customers", "id:int4@20001.1 ssn:text@20001.4", "\"4711\" \"123-45-6789\""},
	{"masked-2", "select id, email, ssn from customers", "id:int4@20001.1 email:text@20001.3 ssn:text@20001.4",
		"\"4711\" \"alice@example.org\" \"123-45-6789\""},
	{"view", "select tax_id from v_customers", "tax_id:text@20003.2", "\"123-45-6789\""},
};

struct meter { /* of one way to run a statement */
	struct harness h;
	struct server server;
	struct qw_buf message;
	uint32_t *ns; /* of each statement */
	size_t count;
	uint64_t spent_ns;
	unsigned long trees;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the session ---- */

/* All actions of the session, as the street would do them; false: there was none. */
static bool act(struct meter *m)
{
	struct session *s = m->h.session;
	struct session_action a;
	unsigned owed = 0;
	bool any = false;

	while (session_next(s, &a)) {
		any = true;
		if (a.kind == SESSION_DO_AUDIT && a.wait != SESSION_WAIT_NONE)
			owed++;
		if (a.kind != SESSION_DO_SEND)
			continue;
		if (a.side == SESSION_UPSTREAM) {
			uint64_t begin = now_ns();

			server_take(&m->server, session_output(s, a.side));
			m->spent_ns -= now_ns() - begin; /* the server's time is not ours */
		}
		session_sent(s, a.side, session_output(s, a.side).n);
	}
	for (; owed; owed--)
		session_on(s, &(struct session_event){.kind = SESSION_EV_AUDITED});
	return any;
}

static void give(struct meter *m, enum session_side side, struct qw_bytes bytes)
{
	struct session_event ev = {.kind = SESSION_EV_BYTES, .side = side, .bytes = bytes};
	uint64_t begin = now_ns();

	m->h.now.mono_us++;
	m->h.now.wall_us++;
	ev.now = m->h.now;
	session_on(m->h.session, &ev);
	while (act(m))
		;
	m->spent_ns += now_ns() - begin;
}

/* One statement from the client's bytes to the server's last. */
static void serve(struct meter *m)
{
	struct qw_buf answer;

	m->spent_ns = 0;
	give(m, SESSION_CLIENT, qw_buf_pending(&m->message));
	while (m->server.reply.n) {
		answer = m->server.reply;
		qw_buf_init(&m->server.reply, 1 << 22);
		give(m, SESSION_UPSTREAM, qw_buf_pending(&answer));
		qw_buf_fini(&answer);
	}
}

/* ---- statements ---- */

static void put_statement(struct meter *m, const struct statement *st, bool is_extended, long number)
{
	char words[600], sql[300];
	int n = number < 0 ? snprintf(sql, sizeof(sql), "%s", st->sql) : snprintf(sql, sizeof(sql), "%s /* %ld */", st->sql, number);

	if (n < 0 || (size_t)n >= sizeof(sql))
		abort();
	(void)snprintf(words, sizeof(words), is_extended ? "P \"\" \"%s\" | B \"\" \"\" | D P \"\" | E \"\" 0 | S" : "Q \"%s\"", sql);
	qw_buf_clear(&m->message);
	if (words_encode(words, false, &m->message))
		abort();
}

static void turn(struct meter *m, const struct statement *st, bool is_extended, bool is_new, long n)
{
	if (!is_new)
		put_statement(m, st, is_extended, -1);
	for (long i = 0; i < n; i++) {
		if (is_new)
			put_statement(m, st, is_extended, (long)m->count);
		serve(m);
		m->ns[m->count++] = m->spent_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)m->spent_ns;
	}
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Microseconds: the middle of what was measured after the warming up. */
static double median(struct meter *m)
{
	size_t n = m->count - WARM;

	qsort(m->ns + WARM, n, sizeof(*m->ns), by_size);
	return m->ns[WARM + n / 2] / 1000.0;
}

static void check_all_passed(struct meter *m, const struct statement *st)
{
	struct session_info info;

	session_info_get(m->h.session, &info);
	if (info.refused == 0 && info.statements >= m->count)
		return;
	(void)fprintf(stderr, "bench_session: %s: %lu statements, %lu refused\n", st->name, (unsigned long)info.statements,
		(unsigned long)info.refused);
	exit(1);
}

static void begin(struct meter *m, const struct statement *st, bool is_labelled)
{
	(void)harness_begin(&m->h);
	harness_login(&m->h, "agent", "3.0");
	if (!is_labelled)
		harness_event(&m->h, "catalog none");
	server_init(&m->server, st->sql, st->columns, st->row);
	m->count = 0;
}

static void end(struct meter *m, const struct statement *st)
{
	check_all_passed(m, st);
	m->trees = m->server.trees;
	server_fini(&m->server);
	harness_end(&m->h);
}

static void measure(struct meter m[2], const struct statement *st, bool is_extended, long n)
{
	double relayed, cached, fresh;
	unsigned long trees_cached;

	for (int k = 0; k < 2; k++)
		begin(&m[k], st, k);
	for (long i = 0; i < n + WARM; i += TURN)
		for (int k = 0; k < 2; k++)
			turn(&m[k], st, is_extended, false, TURN);
	relayed = median(&m[0]);
	cached = median(&m[1]);
	for (int k = 0; k < 2; k++)
		end(&m[k], st);
	trees_cached = m[1].trees;
	begin(&m[1], st, true);
	turn(&m[1], st, is_extended, true, n / 10 + WARM);
	fresh = median(&m[1]);
	end(&m[1], st);
	(void)printf("%-10s %-9s %9.3f %9.3f %9.3f %9.3f %8lu %8.2f\n", st->name, is_extended ? "extended" : "simple", relayed, cached,
		cached - relayed, fresh, trees_cached, (double)m[1].trees / (double)m[1].count);
}

/* ---- the whole ---- */

static bool read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	text[n] = '\0';
	return f && fclose(f) == 0 && n > 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 20000;
	static char text[1 << 18];
	static struct meter m[2];

	if (argc < 2 || n < TURN || n > 10000000 || !read_file(argv[1], text, sizeof(text)))
		return 2;
	for (int k = 0; k < 2; k++) {
		m[k].h.is_quiet = true;
		harness_open(&m[k].h, argv[1], text);
		harness_end(&m[k].h);
		qw_buf_init(&m[k].message, 1 << 20);
		m[k].ns = calloc((size_t)n + 2 * WARM, sizeof(*m[k].ns));
		if (!m[k].ns)
			return 1;
	}
	(void)printf("%-10s %-9s %9s %9s %9s %9s %8s %8s  us a statement; trees: asked while cached, asked a new text\n", "statement", "protocol",
		"relayed", "cached", "adds", "new", "trees", "a new");
	for (size_t i = 0; i < 2 * QW_COUNT(statements); i++)
		measure(m, &statements[i / 2], i % 2, n);
	for (int k = 0; k < 2; k++) {
		(void)harness_begin(&m[k].h);
		harness_close(&m[k].h);
		qw_buf_fini(&m[k].message);
		free(m[k].ns);
	}
	return 0;
}
