/* The ledger's cost: CPU of an append, records durable in a second, delay of a record that somebody
 * waits for. */
#include "qw/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct qw_bytes make_record(struct qw_buf *b, size_t bytes, uint64_t n)
{
	struct qw_record_header h = {
		.version = QW_RECORD_VERSION, .type = QW_RECORD_STATEMENT, .session_seq = n};
	static uint8_t text[1 << 20];
	size_t rest = bytes > QW_RECORD_HEADER_BYTES + 5 ? bytes - QW_RECORD_HEADER_BYTES - 5 : 0;
	struct qw_record r;

	memset(h.session, (int)(n % 8), sizeof(h.session)); /* eight sessions take turns */
	qw_buf_clear(b);
	qw_record_begin(&r, b, &h);
	qw_record_bytes(
		&r, QW_FIELD_SQL, qw_bytes(text, rest < sizeof(text) ? rest : sizeof(text)));
	if (qw_record_end(&r))
		abort();
	return qw_buf_pending(b);
}

/* As fast as they go: bounded by the writer thread. */
static void bulk(struct audit *a, uint64_t records, size_t bytes)
{
	double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall;
	struct audit_stats before, after;
	uint64_t seq = 0, full = 0;
	struct qw_buf b;

	qw_buf_init(&b, 1 << 21);
	audit_stats_get(a, &before);
	for (uint64_t i = 0; i < records; i++) {
		struct qw_bytes record = make_record(&b, bytes, i);
		int err;

		while ((err = audit_append(a, record, &seq)) == QW_E_FULL) {
			full++;
			usleep(100);
		}
		if (err)
			abort();
	}
	audit_hurry(a, seq);
	while (audit_durable(a) < seq)
		usleep(100);
	wall = seconds(CLOCK_MONOTONIC) - start;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	audit_stats_get(a, &after);
	printf("bulk: %.0f records/s durable, %.2f us CPU/record (both threads), %.1f "
	       "records/commit, %.0f us/commit, ring full %llu times\n",
		(double)records / wall, cpu * 1e6 / (double)records,
		(double)records / (double)(after.commits - before.commits),
		(double)(after.commit_us_sum - before.commit_us_sum) /
			(double)(after.commits - before.commits),
		(unsigned long long)full);
	qw_buf_fini(&b);
}

/* The loop thread's cost alone: bursts that fit into the ring, with the writer busy beside it. */
static void append_cost(struct audit *a, size_t bytes)
{
	enum { BURST = 200, BURSTS = 500 };
	struct qw_bytes record;
	double cpu = 0, worst = 0;
	uint64_t seq = 0;
	struct qw_buf b;

	qw_buf_init(&b, 1 << 21);
	record = make_record(&b, bytes, 1);
	for (int i = 0; i < BURSTS; i++) {
		double start = seconds(CLOCK_THREAD_CPUTIME_ID), took;

		for (int k = 0; k < BURST; k++) {
			if (audit_append(a, record, &seq))
				abort();
		}
		took = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
		cpu += took;
		worst = took > worst ? took : worst;
		usleep(2000);
	}
	printf("append: %.3f us CPU of the loop thread (mean), %.3f us (worst burst of %d), "
	       "wake-ups included\n",
		cpu * 1e6 / (BURST * BURSTS), worst * 1e6 / BURST, BURST);
	qw_buf_fini(&b);
}

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* As `strict` does it: append, wait for the disk, the next. */
static void waited(struct audit *a, size_t bytes)
{
	enum { ROUNDS = 500 };
	static double took[ROUNDS];
	struct qw_buf b;
	uint64_t seq;

	qw_buf_init(&b, 1 << 21);
	for (int i = 0; i < ROUNDS; i++) {
		struct qw_bytes record = make_record(&b, bytes, (uint64_t)i);
		double start = seconds(CLOCK_MONOTONIC);

		if (audit_append(a, record, &seq))
			abort();
		audit_hurry(a, seq);
		while (audit_durable(a) < seq)
			usleep(20);
		took[i] = seconds(CLOCK_MONOTONIC) - start;
	}
	qsort(took, ROUNDS, sizeof(took[0]), by_size);
	printf("waited: p50 %.0f us, p99 %.0f us from append to durable\n", took[ROUNDS / 2] * 1e6,
		took[ROUNDS * 99 / 100] * 1e6);
	qw_buf_fini(&b);
}

int main(int argc, char **argv)
{
	struct audit_options o = {.directory = argc > 1 ? argv[1] : "bench-audit.data"};
	uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 500000;
	size_t bytes = argc > 3 ? strtoull(argv[3], NULL, 10) : 300;
	struct audit *a;
	char why[512];

	if (audit_open(&o, &a, why, sizeof(why))) {
		(void)fprintf(stderr, "%s\n", why);
		return 1;
	}
	append_cost(a, bytes);
	bulk(a, records, bytes);
	waited(a, bytes);
	audit_close(a);
	return 0;
}
