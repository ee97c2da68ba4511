/* Nanoseconds for a value of each kind of mask, and for a cell and a megabyte of the detectors. Best of several rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qw/detect.h"
#include "qw/mask.h"

enum { ROUNDS = 7, TIMES = 100000 };

#define CELL(s) {(const uint8_t *)(s), sizeof(s) - 1}

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const struct {
	const char *name;
	struct mask_spec spec;
	uint32_t oid;
	struct qw_bytes value;
} masks[] = {
	{"null", {.kind = MASK_NULL}, 25, CELL("ann@example.org")},
	{"redact text", {.kind = MASK_REDACT}, 25, CELL("ann@example.org")},
	{"partial text", {.kind = MASK_PARTIAL, .keep_last = 4}, 25, CELL("4111111111111111")},
	{"hash text", {.kind = MASK_HASH}, 25, CELL("ann@example.org")},
	{"hash uuid", {.kind = MASK_HASH}, 2950, CELL("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")},
	{"email, public domain", {.kind = MASK_EMAIL}, 25, CELL("ann@gmail.com")},
	{"email, other domain", {.kind = MASK_EMAIL}, 25, CELL("ann@example.org")},
	{"ff1 16 digits", {.kind = MASK_FF1}, 25, CELL("4111111111111111")},
	{"ff1 card 6+4", {.kind = MASK_FF1, .keep_first = 6, .keep_last = 4, .has_check_digit = true}, 25, CELL("4111-1111-1111-1111")},
	{"ff1 integer", {.kind = MASK_FF1}, 23, CELL("12345678")},
	{"ff1 20 letters", {.kind = MASK_FF1}, 25, CELL("abcdefghij0123456789")},
	{"date_shift", {.kind = MASK_DATE_SHIFT, .days = 30}, 1082, CELL("2024-02-29")},
	{"truncate", {.kind = MASK_TRUNCATE}, 1184, CELL("2024-02-29 12:00:00+02")},
	{"round integer", {.kind = MASK_ROUND, .step = 1000}, 23, CELL("1234567")},
	{"round numeric", {.kind = MASK_ROUND, .step = 1000}, 1700, CELL("1234567.89")},
	{"constant", {.kind = MASK_CONSTANT, .constant = "hidden"}, 25, CELL("x")},
	{"partial text[3]", {.kind = MASK_PARTIAL, .keep_last = 4}, 1009, CELL("{4111111111111111,NULL,\"4111 1111 1111\"}")},
};

static double mask_ns(size_t i, struct mask_key *key, struct qw_buf *out)
{
	struct mask_column column = {.spec = &masks[i].spec, .domain = "public.customers.card", .type_oid = masks[i].oid, .type_modifier = -1};
	double best = 1e30;
	bool is_null;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();

		for (int k = 0; k < TIMES; k++) {
			out->n = 0;
			if (mask_value(&column, key, masks[i].value, out, &is_null))
				exit(1);
		}
		start = (now_ns() - start) / TIMES;
		best = start < best ? start : best;
	}
	return best;
}

static const struct qw_bytes cells[] = {CELL("Berlin"), CELL("shipped"), CELL("Ann Smith"), CELL("blue, size M"), CELL("2024-01-31"),
	CELL("order 4711"), CELL("Friedrichstr. 12"), CELL("please call back")};
static const struct qw_bytes suspects[] = {CELL("2024-01-31 10:00:00"), CELL("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
	CELL("1706745599123"), CELL("some_long_identifier_name")};

static double scan_ns(const struct detect_column *c, const struct qw_bytes *list, size_t count, int times, struct qw_buf *scratch)
{
	struct detect_match m[4];
	double best = 1e30;
	size_t sum = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();

		for (int k = 0; k < times; k++)
			sum += detect_scan(c, list[(size_t)k % count], scratch, m, 4);
		start = (now_ns() - start) / times;
		best = start < best ? start : best;
	}
	if (sum == 1)
		(void)puts("");
	return best;
}

int main(void)
{
	static const enum detect_action all[DETECT_KIND_COUNT];
	static uint8_t large[1 << 20], prose[1 << 20];
	struct mask_key *key = mask_key_new(QW_LIT("a key to measure with, 32 bytes!"));
	struct qw_bytes big = {large, sizeof(large)}, text = {prose, sizeof(prose)};
	struct detect_column c;
	struct detect_set set;
	struct qw_buf out;

	qw_buf_init(&out, 1 << 20);
	for (size_t i = 0; key && i < QW_COUNT(masks); i++)
		(void)printf("%-24s %7.0f ns\n", masks[i].name, mask_ns(i, key, &out));
	detect_set_init(&set, all);
	(void)detect_column_init(&c, &set, "note", 25, 0);
	(void)printf("%-24s %7.0f ns\n", "cell without suspects", scan_ns(&c, cells, QW_COUNT(cells), TIMES, &out));
	(void)printf("%-24s %7.0f ns\n", "cell with suspects", scan_ns(&c, suspects, QW_COUNT(suspects), TIMES, &out));
	for (size_t i = 0; i < sizeof(large); i++) {
		large[i] = (uint8_t)("Lorem ipsum dolor sit amet, "[i % 28]);
		prose[i] = (uint8_t)("On 2024-01-31 order 4711 went to a-b_c (x@y) for 12.50 "[i % 55]);
	}
	(void)printf("%-24s %7.0f MB/s\n", "1 MB without suspects", 1e3 * sizeof(large) / scan_ns(&c, &big, 1, 20, &out));
	(void)printf("%-24s %7.0f MB/s\n", "1 MB of suspects", 1e3 * sizeof(prose) / scan_ns(&c, &text, 1, 20, &out));
	qw_buf_fini(&out);
	mask_key_free(key);
	return 0;
}
