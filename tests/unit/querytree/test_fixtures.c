/* What real servers printed: read, printed again byte by byte; and what is left of it when it is damaged is refused. */
#include "files.h"
#include "reprint.h"

#include <stdio.h>

static struct qw_arena arena;

static int check(unsigned major, struct qw_bytes text, const char **problem)
{
	struct qtree_value out;
	int err;

	qw_arena_reset(&arena);
	err = reprint_check(major, text, &arena, &out, problem);
	return err;
}

static void is_read(const struct files_tree *t)
{
	const char *problem;

	if (check(t->major, t->text, &problem) != 0)
		fail_msg("%u/%s: %s", t->major, t->name, problem);
}

static void test_every_tree_is_read(void **state)
{
	(void)state;
	assert_true(files_each(is_read) > 400);
}

/* As it is, and with the line feed that every tree ends in. */
static void has_no_prefix(const struct files_tree *t)
{
	size_t step = t->text.n / 400 + 1;
	uint8_t *p = malloc(t->text.n);
	const char *problem;

	QW_ASSERT(p != NULL);
	for (size_t n = 0; n + 1 < t->text.n; n += n + 200 < t->text.n ? step : 1) {
		memcpy(p, t->text.p, n);
		p[n] = '\n';
		if (check(t->major, qw_bytes(p, n), &problem) == 0 || check(t->major, qw_bytes(p, n + 1), &problem) == 0)
			fail_msg("%u/%s: the first %zu bytes are read", t->major, t->name, n);
	}
	free(p);
}

static void test_prefixes_are_refused(void **state)
{
	(void)state;
	files_each(has_no_prefix);
}

/* reprint_check() asserts that whatever is read was printed so by a server. */
static void damage(const struct files_tree *t)
{
	static const char bytes[] = " \n\\(){}<>\":0a-?\t\x80";
	uint8_t *p = malloc(t->text.n);
	uint32_t seed = (uint32_t)t->text.n;
	const char *problem;

	QW_ASSERT(p != NULL);
	for (int i = 0; i < 60; i++) {
		size_t at, from;

		memcpy(p, t->text.p, t->text.n);
		seed = seed * 1664525 + 1013904223;
		at = seed % t->text.n;
		p[at] = (uint8_t)bytes[seed % (sizeof(bytes) - 1)];
		(void)check(t->major, qw_bytes(p, t->text.n), &problem);
		from = seed / 7 % t->text.n;
		memmove(p + at, t->text.p + from, t->text.n - (at > from ? at : from));
		(void)check(t->major, qw_bytes(p, t->text.n), &problem);
	}
	free(p);
}

static void test_damage_is_never_misread(void **state)
{
	(void)state;
	files_each(damage);
}

static void reads_elsewhere(const struct files_tree *t)
{
	const char *problem;

	for (unsigned major = 12; major <= 19; major++)
		(void)check(major, t->text, &problem);
	if (t->major >= 17) /* rtekind 0 has another field in another place */
		if (strcmp(t->name, "point_select.txt") == 0)
			assert_int_equal(check(t->major - 2, t->text, &problem), QW_E_MALFORMED);
}

static void test_other_versions(void **state)
{
	(void)state;
	files_each(reads_elsewhere);
}

static void starves(const struct files_tree *t)
{
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	size_t step = t->text.n > 4000 ? 20011 : 1009;
	struct qtree_value out;
	const char *problem;
	int err = QW_E_NOMEM;

	for (size_t max = 0; err; max += step) {
		struct qw_arena small;

		qw_arena_init(&small, max);
		err = qtree_read(t->major, t->text, &limits, &small, &out, &problem);
		assert_true(err == 0 || (err == QW_E_NOMEM && problem && out.kind == QTREE_NONE));
		qw_arena_fini(&small);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	files_each(starves);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_tree_is_read),
		cmocka_unit_test(test_prefixes_are_refused),
		cmocka_unit_test(test_damage_is_never_misread),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_no_memory),
	};
	int failed;

	QW_ASSERT(argc == 2);
	files_root = argv[1];
	qw_arena_init(&arena, 256 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	qw_arena_fini(&arena);
	return failed;
}
