/* Makes the n-th allocation of the code under test fail (linked with --wrap=malloc,
 * --wrap=realloc). */
#ifndef ALLOC_FAIL_H
#define ALLOC_FAIL_H

#include <stddef.h>

static int alloc_fail_in; /* 0: never; 1: the next one */

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	return alloc_fail_in && --alloc_fail_in == 0 ? NULL : __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return alloc_fail_in && --alloc_fail_in == 0 ? NULL : __real_realloc(p, n);
}

#endif
