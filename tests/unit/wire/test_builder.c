#include "../../support/cmocka_qw.h"

#include "qw/wire.h"

#include <sys/mman.h>

static void write_message(struct builder *b)
{
	bld_begin(b, 'M');
	bld_u8(b, 1);
	bld_be16(b, 0x0203);
	bld_be32(b, 0x04050607);
	bld_be64(b, 0x08090a0b0c0d0e0fu);
	bld_bytes(b, QW_LIT("xy"));
	bld_bytes(b, qw_bytes(NULL, 0));
	bld_cstr(b, "s");
	bld_end(b);
}

static const struct qw_bytes message = {(const uint8_t *)"M\0\0\0\x17\x01\x02\x03\x04\x05\x06\x07"
							 "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0fxys",
	24};

static void test_message(void **state)
{
	struct qw_buf out;
	struct builder b;

	(void)state;
	qw_buf_init(&out, 1000);
	bld_init(&b, &out);
	write_message(&b);
	assert_int_equal(bld_error(&b), 0);
	assert_bytes_equal(qw_buf_pending(&out), message);
	qw_buf_fini(&out);
}

/* Consumed bytes in front move when the buffer slides in the middle of a message. */
static void test_message_while_the_buffer_slides(void **state)
{
	struct qw_buf out;
	struct builder b;
	char filler[490] = {0};

	(void)state;
	qw_buf_init(&out, 520);
	assert_int_equal(qw_buf_append(&out, filler, sizeof(filler)), 0);
	qw_buf_consume(&out, sizeof(filler) - 1);
	bld_init(&b, &out);
	write_message(&b);
	write_message(&b);
	assert_int_equal(out.off, 0); /* it did slide */
	assert_int_equal(bld_error(&b), 0);
	qw_buf_consume(&out, 1);
	assert_bytes_equal(qw_bytes(qw_buf_pending(&out).p, message.n), message);
	qw_buf_consume(&out, message.n);
	assert_bytes_equal(qw_buf_pending(&out), message);
	qw_buf_fini(&out);
}

static void test_half_a_message_is_taken_back(void **state)
{
	(void)state;
	for (size_t max = 0; max < 2 * message.n; max++) {
		struct qw_buf out;
		struct builder b;

		qw_buf_init(&out, max);
		bld_init(&b, &out);
		write_message(&b);
		write_message(&b);
		assert_int_equal(bld_error(&b), QW_E_LIMIT);
		assert_int_equal(qw_buf_pending(&out).n, max < message.n ? 0 : message.n);
		bld_u8(&b, 1); /* the error sticks even where there would be room */
		assert_int_equal(qw_buf_pending(&out).n, max < message.n ? 0 : message.n);
		qw_buf_fini(&out);
	}
}

/* CVE-2024-27304: a length over 2^31 must never reach the wire, whatever the buffer would hold. */
static void test_length_over_int32(void **state)
{
	const size_t most = (size_t)INT32_MAX, bytes = most + 4096;
	struct qw_buf out = {.cap = bytes, .max = bytes};
	struct builder b;

	(void)state;
	out.p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (out.p == MAP_FAILED)
		skip();
	bld_init(&b, &out);
	bld_begin(&b, 'd');
	out.n = most + 1; /* the type byte is not counted: the length is exactly 2^31 - 1 */
	bld_end(&b);
	assert_int_equal(bld_error(&b), 0);
	assert_memory_equal(out.p, "d\x7f\xff\xff\xff", 5);
	out.n = 0;
	bld_begin(&b, 'd');
	out.n = most + 2;
	bld_end(&b);
	assert_int_equal(bld_error(&b), QW_E_LIMIT);
	assert_int_equal(out.n, 0);
	munmap(out.p, bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_message_while_the_buffer_slides),
		cmocka_unit_test(test_half_a_message_is_taken_back),
		cmocka_unit_test(test_length_over_int32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
