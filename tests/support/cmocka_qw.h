/* cmocka with what it wants included before it. */
#ifndef CMOCKA_QW_H
#define CMOCKA_QW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/base.h"

#define assert_bytes_equal(a, b)                                                                   \
	do {                                                                                       \
		struct qw_bytes left_ = (a), right_ = (b);                                         \
		assert_int_equal(left_.n, right_.n);                                               \
		if (left_.n)                                                                       \
			assert_memory_equal(left_.p, right_.p, left_.n);                           \
	} while (0)

#endif
