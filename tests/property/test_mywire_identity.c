/*
 * Random packets, encoded and decoded again: nothing changes, and no strict prefix of the payload
 * is accepted. What must hold of what is accepted is asserted by the checks. Their first bytes tell
 * what the decoder must know.
 */
#include "../support/cmocka_qw.h"
#include "../support/decoder_check.h"

#include "qw/myreply.h"

#include <stdlib.h>

enum { ROUNDS = 600, BODY_MAX = 1 << 16 };

static uint32_t random_state = 17;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static void put_random(struct builder *b, size_t n)
{
	for (; n; n--)
		bld_u8(b, (uint8_t)random_below(256));
}

static void put_string(struct builder *b)
{
	size_t n = random_below(20) ? random_below(10) : random_below(300);

	mywire_put_lenenc(b, n);
	put_random(b, n);
}

static void put_text(struct builder *b)
{
	for (uint32_t n = random_below(12); n; n--)
		bld_u8(b, (uint8_t)(1 + random_below(127)));
	bld_u8(b, 0);
}

/* How many bytes come before the payload is fixed for each. */
static size_t make_greeting(struct builder *b)
{
	bld_u8(b, 10);
	put_text(b);
	put_random(b, 4);
	bld_bytes(b, QW_LIT("abcdefgh\0"));
	put_random(b, 7);
	bld_bytes(b, QW_LIT("\x15\0\0\0\0\0\0"));
	put_random(b, 4);
	bld_bytes(b, QW_LIT("123456789012\0"));
	put_text(b);
	return 0;
}

static size_t make_response(struct builder *b)
{
	uint32_t caps = random_below(1u << 16) << 16 | random_below(1u << 16);
	size_t pairs = random_below(5);

	caps = (caps & mywire_offer(true, true).capabilities) | MYWIRE_PROTOCOL_41 |
	       MYWIRE_SECURE_CONNECTION;
	mywire_put_le(b, caps, 4);
	put_random(b, 5);
	mywire_put_le(b, 0, 8);
	mywire_put_le(b, 0, 8);
	mywire_put_le(b, 0, 3);
	put_random(b, 4);
	put_text(b);
	if (caps & MYWIRE_AUTH_LENENC) {
		put_string(b);
	} else {
		bld_u8(b, 20);
		put_random(b, 20);
	}
	if (caps & MYWIRE_CONNECT_WITH_DB)
		put_text(b);
	if (caps & MYWIRE_PLUGIN_AUTH)
		put_text(b);
	if (caps & MYWIRE_CONNECT_ATTRS) {
		mywire_put_lenenc(b, pairs * 4);
		for (; pairs; pairs--)
			mywire_put_le(b, 0x62016101, 4); /* "a" = "b" */
	}
	return 0;
}

static const uint8_t forms[] = {1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 15, 16, 245, 246, 247, 248, 249,
	250, 251, 252, 253, 254, 255, 0};

static void put_value(struct builder *b, uint8_t type)
{
	static const uint8_t dates[] = {0, 4, 7, 11}, times[] = {0, 8, 12, 12};
	int form = mywire_type_form(type);
	uint8_t n = type == 11 ? times[random_below(4)] : dates[random_below(4)];

	if (form == MYWIRE_FORM_LENENC) {
		put_string(b);
	} else if (form == MYWIRE_FORM_TEMPORAL) {
		bld_u8(b, n);
		put_random(b, n);
	} else {
		put_random(b, (size_t)form);
	}
}

static size_t make_execute(struct builder *b)
{
	uint8_t count = (uint8_t)random_below(20), types[20], nulls[3] = {0};

	bld_u8(b, count);
	bld_u8(b, 0);
	bld_u8(b, MYWIRE_STMT_EXECUTE);
	put_random(b, 4);
	bld_u8(b, (uint8_t)random_below(2));
	mywire_put_le(b, 1, 4);
	if (!count)
		return 2;
	for (unsigned i = 0; i < count; i++) {
		types[i] = forms[random_below(QW_COUNT(forms))];
		nulls[i / 8] |= (uint8_t)((random_below(4) == 0) << i % 8);
	}
	bld_bytes(b, qw_bytes(nulls, (count + 7u) / 8));
	bld_u8(b, 1);
	for (unsigned i = 0; i < count; i++) {
		bld_u8(b, types[i]);
		bld_u8(b, random_below(2) ? 0x80 : 0);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!(nulls[i / 8] >> i % 8 & 1))
			put_value(b, types[i]);
	}
	return 2;
}

static size_t make_text_row(struct builder *b)
{
	uint8_t count = (uint8_t)(1 + random_below(20));

	bld_u8(b, count);
	for (; count; count--) {
		if (random_below(4))
			put_string(b);
		else
			bld_u8(b, 0xFB);
	}
	return 1;
}

static size_t make_binary_row(struct builder *b)
{
	uint8_t count = (uint8_t)(1 + random_below(20)), types[20], nulls[3] = {0};

	bld_u8(b, 0x80 | count);
	for (unsigned i = 0; i < count; i++) {
		types[i] = random_below(5) ? forms[random_below(QW_COUNT(forms))] : 13;
		nulls[(i + 2) / 8] |= (uint8_t)((random_below(4) == 0) << (i + 2) % 8);
	}
	bld_bytes(b, qw_bytes(types, count));
	bld_u8(b, 0);
	bld_bytes(b, qw_bytes(nulls, (count + 9u) / 8));
	for (unsigned i = 0; i < count; i++) {
		if (!(nulls[(i + 2) / 8] >> (i + 2) % 8 & 1))
			put_value(b, types[i]);
	}
	return 1u + count;
}

static size_t make_column(struct builder *b)
{
	uint8_t mode = (uint8_t)random_below(4);

	bld_u8(b, mode);
	for (unsigned strings = mode & 1 ? 7 : 6; strings; strings--)
		put_string(b);
	bld_u8(b, 12);
	put_random(b, 10);
	mywire_put_le(b, 0, 2);
	if (mode & 2)
		put_string(b);
	return 1;
}

static size_t make_ok(struct builder *b)
{
	bld_u8(b, 0);
	bld_u8(b, 0);
	mywire_put_lenenc(b, (uint64_t)random_below(1 << 20) << random_below(44));
	mywire_put_lenenc(b, (uint64_t)random_below(1 << 20) << random_below(44));
	put_random(b, 4);
	return 1;
}

static size_t make_eof(struct builder *b)
{
	bld_u8(b, 0xFE);
	put_random(b, 4);
	return 0;
}

static const struct {
	const char *name;
	size_t (*make)(struct builder *b);
} makers[] = {
	{"mywire_greeting", make_greeting},
	{"mywire_response", make_response},
	{"mywire_execute", make_execute},
	{"myreply_row", make_text_row},
	{"myreply_row", make_binary_row},
	{"myreply_column", make_column},
	{"myreply_ok", make_ok},
	{"myreply_eof", make_eof},
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

static void test_identity_and_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUNDS * QW_COUNT(makers); i++) {
		const struct decoder_check *check =
			decoder_check_find(makers[i % QW_COUNT(makers)].name);
		struct qw_bytes all;
		struct qw_buf out;
		struct builder b;
		size_t head;

		assert_non_null(check);
		qw_buf_init(&out, BODY_MAX);
		bld_init(&b, &out);
		head = makers[i % QW_COUNT(makers)].make(&b);
		assert_int_equal(bld_error(&b), 0);
		all = qw_buf_pending(&out);
		assert_int_equal(run_exact(check, all), 0);
		for (size_t n = head; n < all.n; n++)
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
