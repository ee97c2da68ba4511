/*
 * What one query costs the session room alone: judged, recorded, relayed; no socket, no TLS, no disk.
 *
 *   bench_session POLICY [QUERIES]
 *
 * Each query is a new text, as `pgbench -S -M simple` sends it, or always the same one (cached), or goes through a mask.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness.h"
#include "qw/pgwire.h"

enum { TEXT_OID = 25, INT8_OID = 20 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void message(struct qw_buf *out, char type, const void *body, size_t n)
{
	uint8_t head[5] = {(uint8_t)type, (uint8_t)((n + 4) >> 24), (uint8_t)((n + 4) >> 16), (uint8_t)((n + 4) >> 8),
		(uint8_t)(n + 4)};

	if (qw_buf_append(out, head, sizeof(head)) || qw_buf_append(out, body, n))
		abort();
}

/* RowDescription of one int8 column, one row, tag, ready. */
static void answer(struct qw_buf *out)
{
	static const uint8_t columns[] = "\0\1id\0\0\0\0\0\0\0\0\0\0\x14\0\x8\xff\xff\xff\xff\0"; /* the literal's NUL is format's second */
	static const uint8_t row[] = {0, 1, 0, 0, 0, 1, '1'};

	message(out, 'T', columns, sizeof(columns));
	message(out, 'D', row, sizeof(row));
	message(out, 'C', "SELECT 1", sizeof("SELECT 1"));
	message(out, 'Z', "I", 1);
}

static unsigned drain(struct session *s)
{
	struct session_action a;
	unsigned owed = 0;

	while (session_next(s, &a)) {
		if (a.kind == SESSION_DO_AUDIT && a.wait != SESSION_WAIT_NONE)
			owed++;
		else if (a.kind == SESSION_DO_SEND)
			session_sent(s, a.side, session_output(s, a.side).n);
	}
	return owed;
}

static void serve(struct session *s)
{
	for (unsigned owed = drain(s); owed > 0; owed += drain(s)) {
		session_on(s, &(struct session_event){.kind = SESSION_EV_AUDITED});
		owed--;
	}
}

static void give(struct session *s, enum session_side side, struct qw_bytes bytes, uint64_t i)
{
	struct session_event ev = {.kind = SESSION_EV_BYTES, .side = side, .bytes = bytes};

	ev.now = (struct session_now){.mono_us = 100000000 + i, .wall_us = 1790000000000000 + i};
	session_on(s, &ev);
	serve(s);
}

static void run(struct session *s, const char *what, bool is_new, long n)
{
	struct qw_buf query, reply;
	struct session_info info;
	double begin;

	qw_buf_init(&query, 1 << 20);
	qw_buf_init(&reply, 1 << 20);
	answer(&reply);
	begin = now_s();
	for (long i = 0; i < n; i++) {
		char sql[256];
		int len = snprintf(sql, sizeof(sql), "SELECT total FROM public.orders WHERE id = %ld;", is_new ? i : 4711);

		qw_buf_clear(&query);
		message(&query, 'Q', sql, (size_t)len + 1);
		give(s, SESSION_CLIENT, qw_buf_pending(&query), (uint64_t)i);
		give(s, SESSION_UPSTREAM, qw_buf_pending(&reply), (uint64_t)i);
	}
	session_info_get(s, &info);
	printf("%-10s %8.3f us a query, %lu statements, %lu refused\n", what, (now_s() - begin) * 1e6 / (double)n,
		(unsigned long)info.statements, (unsigned long)info.refused);
	qw_buf_fini(&query);
	qw_buf_fini(&reply);
}

static bool read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	text[n] = '\0';
	return f && fclose(f) == 0 && n > 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 200000;
	static char text[1 << 18];
	static struct harness h;

	if (argc < 2)
		return 2;
	if (!read_file(argv[1], text, sizeof(text)))
		return 2;
	memset(&h, 0, sizeof(h));
	h.is_quiet = true;
	harness_open(&h, argv[1], text);
	harness_login(&h, "agent", "3.0");
	run(h.session, "new text", true, n);
	run(h.session, "cached", false, n);
	harness_close(&h);
	return 0;
}
