#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "qw/policy.h"

static const char *refused_folder, *sample_file;

static size_t read_all(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	(void)fclose(f);
	return n;
}

/* Each file in fixtures/policy/refused says in its first line where and why it is refused. */
static void refused_files_say_where_and_why(void **state)
{
	static char text[1 << 20], path[4096], expected[512];
	DIR *d = opendir(refused_folder);
	struct dirent *e;
	int seen = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		struct policy_problem problem;
		struct policy *p;
		size_t n;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", refused_folder, e->d_name);
		n = read_all(path, text, sizeof(text));
		assert_int_equal(sscanf(text, "# %511[^\n]", expected), 1);
		assert_int_equal(
			policy_load(e->d_name, qw_bytes(text, n), &p, &problem), QW_E_CONFIG);
		assert_null(p);
		if (!strstr(problem.text, expected))
			fail_msg("%s: expected \"%s\", got \"%s\"", e->d_name, expected,
				problem.text);
		assert_true(problem.line >= 1 && problem.column >= 1);
		assert_memory_equal(problem.text, e->d_name, strlen(e->d_name));
		seen++;
	}
	(void)closedir(d);
	assert_true(seen > 40);
}

static void the_sample_loads(void **state)
{
	static char text[1 << 20];
	size_t n = read_all(sample_file, text, sizeof(text));
	struct policy_problem problem;
	struct policy_counts counts;
	struct policy *p;

	(void)state;
	if (policy_load("sample", qw_bytes(text, n), &p, &problem) != 0)
		fail_msg("%s", problem.text);
	policy_counts_get(p, &counts);
	assert_int_equal(counts.roles, 2);
	assert_int_equal(policy_mask_count(p), counts.masks);
	assert_int_equal(strlen(policy_revision(p)), 16);
	policy_free(p);
	policy_free(NULL);
}

/* Every strict prefix of a file is refused or loads, and never more than that; so does every file
 * with one byte changed. */
static void damaged_files_never_crash(void **state)
{
	static char text[1 << 20], copy[1 << 20];
	size_t n = read_all(sample_file, text, sizeof(text));
	struct policy_problem problem;
	struct policy *p;
	unsigned seed = 7;

	(void)state;
	for (size_t cut = 0; cut < n; cut += 37) {
		(void)!policy_load("cut", qw_bytes(text, cut), &p, &problem);
		policy_free(p);
	}
	for (int round = 0; round < 400; round++) {
		memcpy(copy, text, n);
		copy[(size_t)rand_r(&seed) % n] =
			"\"{}[]:,*&!|>-#\n\t %@`\\'\x01z"[(size_t)rand_r(&seed) % 24];
		(void)!policy_load("damaged", qw_bytes(copy, n), &p, &problem);
		policy_free(p);
	}
}

static void the_revision_is_the_text(void **state)
{
	struct policy_problem problem;
	struct policy *a, *b;

	(void)state;
	assert_int_equal(
		policy_load("a", QW_LIT("version: 1\nroles: []\nrules: []\n"), &a, &problem), 0);
	assert_int_equal(
		policy_load("b", QW_LIT("version: 1\nroles: []\nrules: [] \n"), &b, &problem), 0);
	assert_string_not_equal(policy_revision(a), policy_revision(b));
	policy_free(a);
	policy_free(b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_files_say_where_and_why),
		cmocka_unit_test(the_sample_loads),
		cmocka_unit_test(damaged_files_never_crash),
		cmocka_unit_test(the_revision_is_the_text),
	};

	if (argc != 3)
		return 2;
	refused_folder = argv[1];
	sample_file = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
