/*
 * Every seed of every decoder: ok-* is accepted, bad-* refused, and every strict prefix of an
 * accepted body is refused. Then each is damaged in seeded ways; what must hold for accepted bodies
 * is asserted by the checks themselves.
 */
#include "../support/cmocka_qw.h"
#include "../support/decoder_check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED_MAX = 1 << 16, DAMAGES = 300 };

static const char *corpus;
static uint32_t random_state = 20261123;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

/* In a block of exactly its size, so that a sanitizer sees a read of one byte too many. */
static int run_exact(const struct decoder_check *check, struct qw_bytes body)
{
	uint8_t *exact = malloc(body.n ? body.n : 1);
	int err;

	assert_non_null(exact);
	memcpy(exact, body.p, body.n);
	err = check->run(qw_bytes(exact, body.n));
	free(exact);
	return err;
}

static void expect_prefixes_refused(const struct decoder_check *check, struct qw_bytes body)
{
	for (size_t n = 0; n<body.n; n += body.n> 3000 && n > 200 && n + 200 < body.n ? 97 : 1)
		assert_int_not_equal(run_exact(check, qw_bytes(body.p, n)), 0);
}

static void damage(const struct decoder_check *check, struct qw_bytes body)
{
	static const uint8_t special[] = {0x00, 0xFF, 0x7F, 0x80, 0x01, '\\'};
	static uint8_t bad[SEED_MAX + 8];
	unsigned rounds = body.n > 2000 ? DAMAGES / 20 : DAMAGES;

	for (unsigned i = 0; i < rounds; i++) {
		size_t n = body.n;

		memcpy(bad, body.p, n);
		for (uint32_t hits = 1 + random_below(3); n && hits; hits--)
			bad[random_below((uint32_t)n)] =
				random_below(2) ? (uint8_t)random_below(256)
						: special[random_below(QW_COUNT(special))];
		while (random_below(3) == 0 && n < SEED_MAX + 8)
			bad[n++] = special[random_below(QW_COUNT(special))];
		(void)run_exact(check, qw_bytes(bad, n));
	}
}

static void try_seed(const struct decoder_check *check, const char *name)
{
	static uint8_t seed[SEED_MAX];
	struct qw_bytes body = {.p = seed};
	char path[4096];
	FILE *f;

	assert_true(snprintf(path, sizeof(path), "%s/%s/%s", corpus, check->name, name) <
		    (int)sizeof(path));
	f = fopen(path, "rb");
	assert_non_null(f);
	body.n = fread(seed, 1, sizeof(seed), f);
	(void)fclose(f);
	if (strncmp(name, "ok", 2) == 0) {
		if (run_exact(check, body) != 0)
			fail_msg("%s must be accepted", path);
		if (!check->is_stream)
			expect_prefixes_refused(check, body);
	} else if (strncmp(name, "bad", 3) == 0 && run_exact(check, body) == 0) {
		fail_msg("%s must be refused", path);
	}
	damage(check, body);
}

static void test_corpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < decoder_check_count; i++) {
		const struct dirent *entry;
		char path[4096];
		DIR *folder;
		size_t seeds = 0;

		(void)snprintf(path, sizeof(path), "%s/%s", corpus, decoder_checks[i].name);
		folder = opendir(path);
		assert_non_null(folder);
		while ((entry = readdir(folder))) {
			if (entry->d_name[0] == '.')
				continue;
			try_seed(&decoder_checks[i], entry->d_name);
			seeds++;
		}
		(void)closedir(folder);
		assert_true(seeds > 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
	};

	corpus = argc > 1 ? argv[1] : "fixtures/corpus";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
