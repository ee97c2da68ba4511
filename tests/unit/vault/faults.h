/* The n-th allocation of our own code fails. Link with fault_args of tests/unit/vault/meson.build. */
#ifndef VAULT_TEST_FAULTS_H
#define VAULT_TEST_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static size_t fault_at, fault_count; /* 0: none fails */

static inline bool fault_now(void)
{
	return fault_at && ++fault_count == fault_at;
}

/* True when the armed failure really happened. */
static inline bool fault_disarm(void)
{
	bool happened = fault_at && fault_count >= fault_at;

	fault_at = 0;
	return happened;
}

static inline void fault_arm(size_t n)
{
	fault_at = n;
	fault_count = 0;
}

void *__wrap_malloc(size_t n)
{
	return fault_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fault_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fault_now() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return fault_now() ? NULL : __real_strdup(s);
}

#endif
