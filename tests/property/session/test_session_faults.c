/*
 * The n-th allocation of the session fails, for every n: it closes or goes on, never crashes, never lets anything through that
 * its record does not; a sanitizer sees that nothing leaks. Usage: test_session_faults POLICY FILE.wire...
 */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>

static long left = -1; /* allocations of the session until one fails; negative: none does */
static long seen;

void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static bool fails(void)
{
	if (!harness_inside)
		return false;
	seen++;
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t k, size_t n)
{
	return fails() ? NULL : __real_calloc(k, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

static long play_once(struct harness *h, const char *file, const char *script, long n)
{
	struct play p = {.file = file, .blind = true};

	seen = 0;
	left = n;
	harness_end(h);
	harness_forget(h);
	if (harness_begin(h))
		play_script(&p, h, script);
	left = -1;
	return seen;
}

int main(int argc, char **argv)
{
	static struct harness h;
	char *policy;
	long all = 0;

	if (argc < 3)
		return 2;
	policy = play_read(argv[1]);
	harness_open(&h, argv[1], policy);
	for (int i = 2; i < argc; i++) {
		char *script = play_read(argv[i]);
		long whole = play_once(&h, argv[i], script, -1);

		for (long n = 0; n < whole; n++)
			(void)play_once(&h, argv[i], script, n);
		all += whole;
		free(script);
	}
	harness_close(&h);
	free(policy);
	(void)printf("%d transcripts, %ld allocations failed in turn\n", argc - 2, all);
	return all > 100 ? 0 : 1;
}
