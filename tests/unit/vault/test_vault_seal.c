/* Somebody who has the file key but not the wrapping key still cannot move a secret to another name, user or time. */
#include "support.h"

#include "internal.h"

static const uint8_t kek[VAULT_KEY_BYTES] = {1, 2, 3};
static const uint8_t id[VAULT_ID_BYTES] = {9};

static struct vault_keys *keys;

static struct vault_entry sealed(const char *name, const char *user, uint8_t *room)
{
	struct vault_entry e = {.name = name, .user = user, .version = 7, .changed_at = 1700000000};

	assert_int_equal(vault_entry_seal(keys, id, &e, QW_LIT("secret"), room), 0);
	return e;
}

static void expect_refused(const struct vault_entry *e, const uint8_t *vault_id)
{
	uint8_t out[6] = "xxxxxx";

	assert_int_equal(vault_entry_unseal(keys, vault_id, e, out), QW_E_CRYPTO);
	assert_memory_not_equal(out, "secret", 6);
}

static void test_bound_to_its_place(void **state)
{
	uint8_t room[6], out[6], other_id[VAULT_ID_BYTES] = {8};
	struct vault_entry e = sealed("ab", "c", room), x;

	(void)state;
	assert_int_equal(vault_entry_unseal(keys, id, &e, out), 0);
	assert_memory_equal(out, "secret", 6);
	expect_refused(&e, other_id);
	x = e, x.name = "aB";
	expect_refused(&x, id);
	x = e, x.user = "d";
	expect_refused(&x, id);
	x = e, x.name = "a", x.user = "bc"; /* the same letters, cut elsewhere */
	expect_refused(&x, id);
	x = e, x.version++;
	expect_refused(&x, id);
	x = e, x.changed_at++;
	expect_refused(&x, id);
	x = e, x.tag[0] ^= 1;
	expect_refused(&x, id);
	x = e, x.wrapped[0] ^= 1;
	expect_refused(&x, id);
}

static void test_no_exchange(void **state)
{
	uint8_t room_a[6], room_b[6];
	struct vault_entry a = sealed("a", "u", room_a), b = sealed("b", "u", room_b), x = a;

	(void)state;
	memcpy(x.wrapped, b.wrapped, sizeof(x.wrapped));
	memcpy(x.wrap_nonce, b.wrap_nonce, sizeof(x.wrap_nonce));
	memcpy(x.wrap_tag, b.wrap_tag, sizeof(x.wrap_tag));
	expect_refused(&x, id);
	x = b, x.name = "a";
	expect_refused(&x, id);
	assert_memory_not_equal(room_a, room_b, 6); /* a data key of its own for each */
	assert_memory_not_equal(a.wrapped, b.wrapped, sizeof(a.wrapped));
}

/* Garbage that carries a right HMAC: only a holder of the key can make it, and it must not crash us all the same. */
static void test_decoder_on_garbage(void **state)
{
	struct vault_image im = {.revision = 3}, back;
	struct vault_entry e;
	uint8_t room[6];
	struct qw_buf b;

	(void)state;
	qw_arena_init(&im.arena, 100000);
	e = sealed("name", "user", room);
	im.entries = &e;
	im.count = 1;
	qw_buf_init(&b, 100000);
	assert_int_equal(vault_image_encode(&im, &b), 0);
	assert_int_equal(qw_buf_append(&b, kek, 32), 0);
	assert_int_equal(vault_image_decode(qw_buf_pending(&b), &back), 0);
	assert_int_equal(back.revision, 3);
	assert_string_equal(back.entries[0].user, "user");
	vault_image_fini(&back);
	srand(42);
	for (int i = 0; i < 20000; i++) {
		size_t at = (size_t)rand() % (b.n - 32);
		uint8_t was = b.p[at];

		b.p[at] = (uint8_t)rand();
		if (vault_image_decode(qw_bytes(b.p, i % 3 ? b.n : (size_t)rand() % b.n), &back) == 0)
			vault_image_fini(&back);
		b.p[at] = was;
	}
	qw_buf_fini(&b);
}

static void test_sorted_and_unique(void **state)
{
	uint8_t room[6];
	struct vault_entry two[2] = {sealed("b", "u", room), sealed("a", "u", room)};
	struct vault_image im = {.entries = two, .count = 2}, back;
	struct qw_buf b;

	(void)state;
	for (int round = 0; round < 2; round++) {
		qw_buf_init(&b, 100000);
		assert_int_equal(vault_image_encode(&im, &b), 0);
		assert_int_equal(qw_buf_append(&b, kek, 32), 0);
		assert_int_equal(vault_image_decode(qw_buf_pending(&b), &back), QW_E_MALFORMED);
		qw_buf_fini(&b);
		two[1].name = "b";
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_to_its_place),
		cmocka_unit_test(test_no_exchange),
		cmocka_unit_test(test_decoder_on_garbage),
		cmocka_unit_test(test_sorted_and_unique),
	};
	int failed;

	if (vault_harden_process())
		return 1;
	keys = vault_memory_new(sizeof(*keys));
	if (!keys || vault_keys_derive(kek, keys))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_memory_free(keys, sizeof(*keys));
	return failed;
}
