/* Random messages, encoded and decoded again: nothing changes, and no strict prefix of the body is
 * accepted. */
#include "../support/cmocka_qw.h"
#include "../support/decoder_check.h"

#include "qw/pgwire.h"

#include <stdlib.h>

enum { ROUNDS = 400, BODY_MAX = 1 << 16 };

static uint32_t random_state = 11;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static uint32_t random_32(void)
{
	return random_below(1 << 16) << 16 | random_below(1 << 16);
}

static void put_text(struct builder *b)
{
	for (uint32_t n = random_below(12); n; n--)
		bld_u8(b, (uint8_t)(1 + random_below(255)));
	bld_u8(b, 0);
}

static void put_value(struct builder *b)
{
	uint32_t n = random_below(10);

	if (n == 9) {
		bld_be32(b, UINT32_MAX);
		return;
	}
	bld_be32(b, n);
	for (; n; n--)
		bld_u8(b, (uint8_t)random_below(256));
}

static void put_formats(struct builder *b, uint16_t count)
{
	bld_be16(b, count);
	for (; count; count--)
		bld_be16(b, (uint16_t)random_below(2));
}

static void make_query(struct builder *b)
{
	put_text(b);
}

static void make_parse(struct builder *b)
{
	uint16_t count = (uint16_t)random_below(6);

	put_text(b);
	put_text(b);
	bld_be16(b, count);
	for (; count; count--)
		bld_be32(b, random_32());
}

static void make_binds(struct builder *b)
{
	uint16_t count = (uint16_t)random_below(6);

	put_formats(b, random_below(2) ? count : (uint16_t)random_below(2));
	bld_be16(b, count);
	for (; count; count--)
		put_value(b);
	put_formats(b, (uint16_t)random_below(5));
}

static void make_bind(struct builder *b)
{
	put_text(b);
	put_text(b);
	make_binds(b);
}

static void make_named(struct builder *b)
{
	bld_u8(b, random_below(2) ? 'S' : 'P');
	put_text(b);
}

static void make_execute(struct builder *b)
{
	put_text(b);
	bld_be32(b, random_32());
}

static void make_row_description(struct builder *b)
{
	uint16_t count = (uint16_t)random_below(6);

	bld_be16(b, count);
	for (; count; count--) {
		put_text(b);
		bld_be32(b, random_32());
		bld_be16(b, (uint16_t)random_32());
		bld_be32(b, random_32());
		bld_be16(b, (uint16_t)random_32());
		bld_be32(b, random_32());
		bld_be16(b, (uint16_t)random_below(2));
	}
}

static void make_row(struct builder *b)
{
	uint16_t count = (uint16_t)random_below(8);

	bld_be16(b, count);
	for (; count; count--)
		put_value(b);
}

static void make_error(struct builder *b)
{
	static const char codes[] = "SVCMDHPqWstcdnFLR";

	for (size_t i = 0; i < sizeof(codes) - 1; i++) {
		if (random_below(3) == 0)
			continue;
		bld_u8(b, (uint8_t)codes[i]);
		put_text(b);
	}
	bld_u8(b, 0);
}

static void make_parameter_status(struct builder *b)
{
	put_text(b);
	put_text(b);
}

static void make_copy(struct builder *b)
{
	bld_u8(b, (uint8_t)random_below(2));
	put_formats(b, (uint16_t)random_below(6));
}

static const struct {
	const char *name;
	void (*make)(struct builder *b);
} makers[] = {
	{"pgwire_query", make_query},
	{"pgwire_password", make_query},
	{"pgwire_tag", make_query},
	{"pgwire_parse", make_parse},
	{"pgwire_bind", make_bind},
	{"pgwire_binds", make_binds},
	{"pgwire_named", make_named},
	{"pgwire_execute", make_execute},
	{"pgwire_row_description", make_row_description},
	{"pgwire_row", make_row},
	{"pgwire_error", make_error},
	{"pgwire_parameter_status", make_parameter_status},
	{"pgwire_copy", make_copy},
};

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

/* The checks assert that encoding what was decoded gives the body again. */
static void test_identity_and_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS * QW_COUNT(makers); i++) {
		const struct decoder_check *check =
			decoder_check_find(makers[i % QW_COUNT(makers)].name);
		struct qw_bytes all;
		struct qw_buf out;
		struct builder b;

		assert_non_null(check);
		qw_buf_init(&out, BODY_MAX);
		bld_init(&b, &out);
		bld_begin(&b, 'x');
		makers[i % QW_COUNT(makers)].make(&b);
		bld_end(&b);
		assert_int_equal(bld_error(&b), 0);
		all = qw_buf_pending(&out);
		all = qw_bytes(all.p + PGWIRE_HEADER, all.n - PGWIRE_HEADER);
		assert_int_equal(run_exact(check, all), 0);
		for (size_t n = 0; n < all.n; n++)
			assert_int_not_equal(run_exact(check, qw_bytes(all.p, n)), 0);
		qw_buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity_and_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
