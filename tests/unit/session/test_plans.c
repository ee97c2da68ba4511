/* Plans of EXPLAIN without what tells lengths, in all four formats. */
#include "../../support/cmocka_qw.h"

#include "machine.h"

#include <stdlib.h>

static struct session s;

static int setup(void **state)
{
	(void)state;
	qw_buf_init(&s.scratch, 1 << 20);
	qw_buf_init(&s.literals, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	qw_buf_fini(&s.scratch);
	qw_buf_fini(&s.literals);
	return 0;
}

static void becomes(const char *plan, const char *wanted)
{
	struct qw_bytes out;

	assert_int_equal(plans_hide(&s, qw_bytes_from(plan), &out), CELL_OTHER);
	if (out.n != strlen(wanted) || memcmp(out.p, wanted, out.n) != 0)
		fail_msg("%s\nbecomes\n%.*s", plan, (int)out.n, (const char *)out.p);
}

static void test_text(void **state)
{
	(void)state;
	becomes("Seq Scan on customers  (cost=0.00..1.04 rows=4 width=39)", "Seq Scan on customers  (cost=0.00..0.00 rows=4 width=0)");
	becomes("  ->  Sort  (cost=12.5..13.75 rows=3 width=8) (actual time=0.01..0.02 rows=3 loops=1)",
		"  ->  Sort  (cost=0.00..0.00 rows=3 width=0) (actual time=0.01..0.02 rows=3 loops=1)");
	becomes("        Sort Key: id DESC, name", "        Sort Key: id DESC, name");
	becomes("        Sort Method: external merge  Disk: 1234kB", "        Sort Method: ***");
	becomes("  Worker 0:  Sort Method: quicksort  Memory: 25kB", "  Worker 0:  Sort Method: ***");
	becomes("  Worker 0:  actual time=0.1..0.2 rows=3 loops=1", "  Worker 0:  actual time=0.1..0.2 rows=3 loops=1");
	becomes("  Buckets: 1024  Batches: 1  Memory Usage: 9kB", "  Buckets: ***");
	becomes("  Storage: Memory  Maximum Storage: 17kB", "  Storage: ***");
	becomes("  Buffers: shared hit=1, temp written=7", "  Buffers: ***");
	becomes("  WAL: records=1 bytes=148", "  WAL: ***");
	becomes("Serialization: time=0.1 ms  output=9kB  format=text", "Serialization: ***");
	becomes("Planning:", "Planning:");
	becomes("  Memory: used=12kB  allocated=16kB", "  Memory: ***");
	becomes("  Filter: (id < 3)", "  Filter: (id < 3)");
	becomes("  Rows Removed by Filter: 17", "  Rows Removed by Filter: 17");
	becomes("  Rows Removed by Index Recheck: 17", "  Rows Removed by Index Recheck: 0");
	becomes("Planning Time: 0.123 ms", "Planning Time: 0.123 ms");
	becomes("Trigger for constraint f on uses: time=0.1 calls=1", "Trigger for constraint f on uses: time=0.1 calls=1");
	becomes("  One-Time Filter: false", "  One-Time Filter: false");
	becomes("  Something New: 42", "  Something New: 0");
	becomes("  Disabled: true", "  Disabled: true");
	becomes("", "");
}

/* A name may hold a line break, and any text: what follows it is still the server's. */
static void test_lines_of_names(void **state)
{
	(void)state;
	becomes("Filter: \"  (cost=0.00..1.04 rows=4 width=39)", "Filter: \"  (cost=0.00..0.00 rows=4 width=0)");
	becomes("Seq Scan on t \"a (cost=1..2 rows=1 width=1)\"  (cost=0.00..9.04 rows=4 width=39)",
		"Seq Scan on t \"a (cost=0.00..0.00 rows=1 width=0)\"  (cost=0.00..0.00 rows=4 width=0)");
	becomes("Seq Scan on t \"a: b\"  (cost=0.00..9.04 rows=4 width=39)", "Seq Scan on t \"a: b\"  (cost=0.00..0.00 rows=4 width=0)");
	becomes("width=", "width=");
	becomes("cost=", "cost=");
	becomes("x 7k 8kB 9", "x 7k 0kB 9");
	becomes(": : :", ": : :");
}

static void test_json(void **state)
{
	(void)state;
	becomes("[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Sort\",\n      \"Startup Cost\": 1.07,\n      \"Total Cost\": 1.08,\n"
		"      \"Plan Rows\": 3,\n      \"Plan Width\": 39,\n      \"Actual Rows\": 3,\n      \"Sort Key\": [\"id\", \"x\"],\n"
		"      \"Sort Method\": \"quicksort\",\n      \"Sort Space Used\": 25,\n      \"Sort Space Type\": \"Memory\",\n"
		"      \"Sort Methods Used\": [\"quicksort\"],\n      \"Inner Unique\": true,\n      \"Filter\": \"(a = 'x\\\"')\",\n"
		"      \"Workers\": [\n      ]\n    }\n  }\n]",
		"[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Sort\",\n      \"Startup Cost\": 0,\n      \"Total Cost\": 0,\n"
		"      \"Plan Rows\": 3,\n      \"Plan Width\": 0,\n      \"Actual Rows\": 3,\n      \"Sort Key\": [\"id\", \"x\"],\n"
		"      \"Sort Method\": \"***\",\n      \"Sort Space Used\": 0,\n      \"Sort Space Type\": \"***\",\n"
		"      \"Sort Methods Used\": [],\n      \"Inner Unique\": true,\n      \"Filter\": \"(a = 'x\\\"')\",\n"
		"      \"Workers\": [\n      ]\n    }\n  }\n]");
}

static void test_xml_and_yaml(void **state)
{
	(void)state;
	becomes("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Plan>\n    <Plan-Width>39</Plan-Width>\n"
		"    <Plan-Rows>3</Plan-Rows>\n    <Sort-Method>quicksort</Sort-Method>\n    <Sort-Key>\n      <Item>id</Item>\n    </Sort-Key>\n"
		"    <Sort-Methods-Used>\n      <Item>quicksort</Item>\n    </Sort-Methods-Used>\n  </Plan>\n</explain>",
		"<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Plan>\n    <Plan-Width>0</Plan-Width>\n"
		"    <Plan-Rows>3</Plan-Rows>\n    <Sort-Method>***</Sort-Method>\n    <Sort-Key>\n      <Item>id</Item>\n    </Sort-Key>\n"
		"    <Sort-Methods-Used>\n      <Item>***</Item>\n    </Sort-Methods-Used>\n  </Plan>\n</explain>");
	becomes("- Plan: \n    Node Type: \"Sort\"\n    Plan Width: 39\n    Sort Key: \n      - \"id\"\n    Sort Methods Used: \n"
		"      - \"quicksort\"\n    Plans: \n      - Node Type: \"Seq Scan\"\n        Sort Method: \"quicksort\"",
		"- Plan: \n    Node Type: \"Sort\"\n    Plan Width: 0\n    Sort Key: \n      - \"id\"\n    Sort Methods Used: \n"
		"      - \"***\"\n    Plans: \n      - Node Type: \"Seq Scan\"\n        Sort Method: \"***\"");
}

/* What detectors made of it lies in one of the two buffers; the other one is written. */
static void test_buffers(void **state)
{
	struct qw_bytes out, again;

	(void)state;
	assert_int_equal(plans_hide(&s, qw_bytes_from("a width=3"), &out), CELL_OTHER);
	assert_int_equal(plans_hide(&s, out, &again), CELL_OTHER);
	assert_true(out.p != again.p);
	assert_int_equal(again.n, 9);
	assert_memory_equal(again.p, "a width=0", 9);
	qw_buf_fini(&s.scratch);
	qw_buf_init(&s.scratch, 4);
	assert_int_equal(plans_hide(&s, qw_bytes_from("longer than that"), &out), CELL_NULL); /* shows nothing */
}

/* Any bytes: no crash, and no number behind width=. */
static void test_any_bytes(void **state)
{
	static const char *const parts[] = {"width=", "cost=", "kB", "\n", "\"", ": ", "<", ">", "</", "- ", "12", ".", "Worker 0: ", "Plan Rows",
		"Sort Method", "[", "{", "]", " ", "<Item>", "\x80", ","};
	char text[400];

	(void)state;
	srand(3);
	for (int round = 0; round < 20000; round++) {
		size_t n = 0;
		struct qw_bytes out;

		while (n < sizeof(text) - 20 && rand() % 40) {
			const char *p = parts[(size_t)rand() % QW_COUNT(parts)];

			memcpy(text + n, p, strlen(p));
			n += strlen(p);
		}
		assert_int_equal(plans_hide(&s, qw_bytes(text, n), &out), CELL_OTHER);
		for (size_t i = 0; i + 7 <= out.n; i++)
			assert_false(memcmp(out.p + i, "width=1", 7) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_lines_of_names),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_xml_and_yaml),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_buffers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
