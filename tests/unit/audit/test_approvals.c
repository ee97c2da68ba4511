#include "support.h"

#include "approval_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
	struct scratch dir;
	struct audit_options o;
	struct audit *a;
};

static void fixture_new(struct fixture *f)
{
	scratch_new(&f->dir);
	f->o = (struct audit_options){.directory = f->dir.path, .ring_bytes = 1 << 16};
	f->a = open_ledger(&f->o);
}

static void fixture_free(struct fixture *f)
{
	audit_close(f->a);
	scratch_remove(&f->dir);
}

static struct approval wish(uint8_t digest)
{
	struct approval w = {
		.expires_us = 1000,
		.session = "000102030405060708090a0b0c0d0e0f",
		.target = "shop",
		.database = "shopdb",
		.role = "agent",
		.issuer = "https://idp",
		.subject = "ann",
		.actor = "bot",
		.statement = "alter table t add c int",
		.binds_text = NULL,
		.rule = "ddl needs a person",
		.policy_revision = "r1",
	};

	memset(w.digest, digest, sizeof(w.digest));
	return w;
}

static struct approval ask(struct fixture *f, uint8_t digest, int64_t now, bool want_consumed)
{
	struct approval w = wish(digest), out;
	bool consumed = !want_consumed;

	assert_int_equal(audit_approval_ask(f->a, &w, now, &out, &consumed), 0);
	assert_int_equal(consumed, want_consumed);
	return out;
}

static int decide(struct fixture *f, const char *id, enum approval_state to, int64_t now)
{
	struct approval out;
	int err = audit_approval_decide(f->a, id, to, "dba@idp", "because", now, &out);

	if (!err)
		assert_int_equal(out.state, to);
	return err;
}

static void life_of_an_approval(void **state)
{
	struct approval a, b;
	struct fixture f;

	(void)state;
	fixture_new(&f);
	a = ask(&f, 1, 100, false);
	assert_int_equal(strlen(a.id), APPROVAL_ID_CHARS);
	assert_int_equal(strspn(a.id, "abcdefghijklmnopqrstuvwxyz234567"), APPROVAL_ID_CHARS);
	assert_int_equal(a.state, APPROVAL_PENDING);
	assert_int_equal(a.created_us, 100);
	assert_string_equal(a.statement, "alter table t add c int");
	assert_null(a.binds_text);
	assert_null(a.approver);
	b = ask(&f, 1, 200, false);
	assert_string_equal(a.id, b.id); /* the same request waits once */
	assert_int_equal(b.created_us, 100);
	assert_int_equal(decide(&f, a.id, APPROVAL_APPROVED, 300), 0);
	b = ask(&f, 1, 400, true);
	assert_string_equal(a.id, b.id);
	assert_int_equal(b.state, APPROVAL_CONSUMED);
	assert_string_equal(b.approver, "dba@idp");
	assert_int_equal(b.decided_us, 300);
	b = ask(&f, 1, 500, false); /* one use: the next one waits for a person again */
	assert_string_not_equal(a.id, b.id);
	assert_int_equal(audit_approval_get(f.a, a.id, &b), 0);
	assert_int_equal(b.state, APPROVAL_CONSUMED);
	assert_string_equal(b.session, "000102030405060708090a0b0c0d0e0f");
	assert_string_equal(b.reason, "because");
	fixture_free(&f);
}

/* Every pair of states, through the store: exactly the drawn edges move, and a refused one changes
 * nothing. */
static void all_edges(void **state)
{
	static const enum approval_state way[][2] = {
		[APPROVAL_APPROVED] = {APPROVAL_APPROVED, APPROVAL_APPROVED},
		[APPROVAL_CONSUMED] = {APPROVAL_APPROVED, APPROVAL_CONSUMED},
		[APPROVAL_DENIED] = {APPROVAL_DENIED, APPROVAL_DENIED},
		[APPROVAL_EXPIRED] = {APPROVAL_EXPIRED, APPROVAL_EXPIRED},
		[APPROVAL_WITHDRAWN] = {APPROVAL_WITHDRAWN, APPROVAL_WITHDRAWN},
	};
	struct approval a, now;
	struct fixture f;
	uint8_t digest = 0;

	(void)state;
	fixture_new(&f);
	for (unsigned from = 0; from <= APPROVAL_WITHDRAWN; from++) {
		for (unsigned to = 0; to <= APPROVAL_WITHDRAWN; to++) {
			int err;

			a = ask(&f, ++digest, 1, false);
			for (int i = 0; from != APPROVAL_PENDING && i < 2; i++) {
				if (i == 0 || way[from][1] != way[from][0])
					assert_int_equal(decide(&f, a.id, way[from][i], 2), 0);
			}
			err = decide(&f, a.id, (enum approval_state)to, 3);
			assert_int_equal(err, approval_move_allowed((enum approval_state)from,
						      (enum approval_state)to)
						      ? 0
						      : QW_E_STATE);
			assert_int_equal(audit_approval_get(f.a, a.id, &now), 0);
			assert_int_equal(now.state, err ? from : to);
			if (now.state == APPROVAL_PENDING || now.state == APPROVAL_APPROVED)
				(void)decide(&f, a.id, APPROVAL_EXPIRED, 4);
		}
	}
	assert_int_equal(decide(&f, "aaaaaaaaaa", APPROVAL_APPROVED, 1), QW_E_NOTFOUND);
	assert_int_equal(decide(&f, "", APPROVAL_APPROVED, 1), QW_E_NOTFOUND);
	assert_int_equal(
		audit_approval_get(f.a, "no such id at all, and a long one", &a), QW_E_NOTFOUND);
	assert_int_equal(a.state, APPROVAL_DENIED);
	fixture_free(&f);
}

static void only_the_same_request_uses_it(void **state)
{
	struct approval a, w, out;
	struct fixture f;
	bool consumed;

	(void)state;
	fixture_new(&f);
	a = ask(&f, 1, 1, false);
	assert_int_equal(decide(&f, a.id, APPROVAL_APPROVED, 2), 0);
	w = wish(2);
	assert_int_equal(audit_approval_ask(f.a, &w, 3, &out, &consumed), 0);
	assert_false(consumed);
	w = wish(1);
	w.subject = "eve"; /* the digest covers it already; the store does not rely on that */
	assert_int_equal(audit_approval_ask(f.a, &w, 3, &out, &consumed), 0);
	assert_false(consumed);
	assert_string_not_equal(out.id, a.id);
	w = wish(1);
	w.actor = NULL;
	assert_int_equal(audit_approval_ask(f.a, &w, 3, &out, &consumed), 0);
	assert_false(consumed);
	w.issuer = NULL;
	assert_int_equal(audit_approval_ask(f.a, &w, 3, &out, &consumed), QW_E_MALFORMED);
	w = wish(1);
	assert_int_equal(audit_approval_ask(f.a, &w, 1000, &out, &consumed), QW_E_EXPIRED);
	(void)ask(&f, 1, 4, true);
	fixture_free(&f);
}

static bool count_moved(void *ctx, const struct approval *ap)
{
	size_t *n = ctx;

	assert_int_equal(ap->state, APPROVAL_EXPIRED);
	assert_non_null(ap->statement);
	(*n)++;
	return true;
}

static void nothing_outlives_its_expiry(void **state)
{
	struct approval a, b, c, out;
	struct fixture f;
	size_t moved = 0;

	(void)state;
	fixture_new(&f);
	a = ask(&f, 1, 1, false);
	b = ask(&f, 2, 1, false);
	assert_int_equal(decide(&f, b.id, APPROVAL_APPROVED, 2), 0);
	c = ask(&f, 3, 1, false);
	assert_int_equal(decide(&f, c.id, APPROVAL_DENIED, 2), 0);
	assert_int_equal(decide(&f, a.id, APPROVAL_APPROVED, 1000), QW_E_EXPIRED);
	assert_int_equal(decide(&f, b.id, APPROVAL_CONSUMED, 1000), QW_E_EXPIRED);
	assert_int_equal(audit_approval_expire(f.a, 999, count_moved, &moved), 0);
	assert_int_equal(moved, 0);
	assert_int_equal(audit_approval_expire(f.a, 1000, count_moved, &moved), 0);
	assert_int_equal(moved, 2);
	assert_int_equal(audit_approval_expire(f.a, 5000, count_moved, &moved), 0);
	assert_int_equal(moved, 2);
	assert_int_equal(audit_approval_get(f.a, b.id, &out), 0);
	assert_int_equal(out.state, APPROVAL_EXPIRED);
	assert_int_equal(out.decided_us, 1000);
	assert_int_equal(audit_approval_get(f.a, c.id, &out), 0);
	assert_int_equal(out.state, APPROVAL_DENIED);
	(void)ask(&f, 2, 500, false); /* a clock that goes back does not bring it back */
	fixture_free(&f);
}

struct listing {
	char ids[128][APPROVAL_ID_CHARS + 1];
	size_t n;
};

static bool list(void *ctx, const struct approval *ap)
{
	struct listing *l = ctx;

	assert_true(l->n < QW_COUNT(l->ids));
	memcpy(l->ids[l->n++], ap->id, sizeof(ap->id));
	return true;
}

static void a_restart_keeps_them(void **state)
{
	struct listing l = {.n = 0};
	struct approval a[3], out;
	struct fixture f;

	(void)state;
	fixture_new(&f);
	for (uint8_t i = 0; i < 3; i++)
		a[i] = ask(&f, (uint8_t)(30 - i), 1 + i, false);
	assert_int_equal(decide(&f, a[1].id, APPROVAL_APPROVED, 5), 0);
	audit_close(f.a);
	f.a = open_ledger(&f.o);
	assert_int_equal(audit_approval_each(f.a, list, &l), 0);
	assert_int_equal(l.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(l.ids[i], a[i].id);
	out = ask(&f, 29, 6, true);
	assert_string_equal(out.id, a[1].id);
	audit_close(f.a);
	f.a = open_ledger(&f.o);
	(void)ask(&f, 29, 7, false); /* used before the restart: used */
	fixture_free(&f);
}

static void a_flood_is_stopped(void **state)
{
	struct approval w, out;
	struct fixture f;
	bool consumed;
	char name[32];

	(void)state;
	fixture_new(&f);
	for (uint8_t i = 0; i < AUDIT_APPROVALS_OPEN_PER_REQUESTER_MAX; i++)
		(void)ask(&f, i, 1, false);
	w = wish(200);
	assert_int_equal(audit_approval_ask(f.a, &w, 1, &out, &consumed), QW_E_LIMIT);
	assert_int_equal(out.state, APPROVAL_DENIED);
	(void)ask(&f, 3, 1, false); /* one that waits already is found */
	(void)snprintf(name, sizeof(name), "somebody else");
	w.subject = name;
	assert_int_equal(audit_approval_ask(f.a, &w, 1, &out, &consumed), 0);
	assert_int_equal(audit_approval_expire(f.a, 1000, NULL, NULL), 0);
	w = wish(200);
	w.expires_us = 3000;
	assert_int_equal(audit_approval_ask(f.a, &w, 2000, &out, &consumed), 0);
	fixture_free(&f);
}

/* The loop thread appends and moves approvals while the writer thread commits all the time. */
static void beside_a_busy_writer(void **state)
{
	struct fixture f;
	uint64_t n = 0;

	(void)state;
	fixture_new(&f);
	for (uint8_t i = 1; i <= 40; i++) {
		struct approval a;

		for (int k = 0; k < 100; k++, n++)
			append_one(f.a, (uint8_t)(k % 3), n, QW_RECORD_STATEMENT, 300);
		a = ask(&f, i, 1, false);
		assert_int_equal(decide(&f, a.id, APPROVAL_APPROVED, 2), 0);
		append_one(f.a, 1, n++, QW_RECORD_APPROVAL, 30);
		(void)ask(&f, i, 3, true);
	}
	wait_durable(f.a, n);
	audit_close(f.a);
	assert_int_equal(read_all(f.dir.path).records, n);
	f.a = open_ledger(&f.o);
	fixture_free(&f);
}

/* What an earlier result lent may be an argument of the next call. */
static void borrowed_arguments(void **state)
{
	struct approval a, again;
	struct fixture f;
	bool consumed;

	(void)state;
	fixture_new(&f);
	a = ask(&f, 1, 1, false);
	memset(a.digest, 9, sizeof(a.digest));
	assert_int_equal(audit_approval_ask(f.a, &a, 2, &again, &consumed), 0);
	assert_string_not_equal(again.id, a.id);
	assert_string_equal(again.statement, "alter table t add c int");
	assert_int_equal(audit_approval_decide(f.a, again.id, APPROVAL_DENIED, again.subject,
				 again.statement, 3, &again),
		0);
	assert_string_equal(again.approver, "ann");
	assert_string_equal(again.reason, "alter table t add c int");
	fixture_free(&f);
}

static void stored_bytes_are_checked(void **state)
{
	struct approval a = wish(1), out;
	struct qw_arena arena;
	struct qw_buf b;
	unsigned seed = 5;

	(void)state;
	memcpy(a.id, "abcdefghij", sizeof(a.id));
	qw_buf_init(&b, 1 << 20);
	qw_arena_init(&arena, 1 << 20);
	assert_int_equal(approval_encode(&a, &b), 0);
	assert_int_equal(approval_decode(qw_buf_pending(&b), &arena, &out), 0);
	assert_string_equal(out.id, a.id);
	assert_string_equal(out.rule, a.rule);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, b.p, n);
		assert_int_equal(approval_decode(qw_bytes(copy, n), &arena, &out), QW_E_MALFORMED);
		free(copy);
		qw_arena_reset(&arena);
	}
	for (int i = 0; i < 20000; i++) {
		size_t at = (size_t)rand_r(&seed) % b.n;
		uint8_t was = b.p[at];

		b.p[at] = (uint8_t)rand_r(&seed);
		(void)!approval_decode(qw_buf_pending(&b), &arena, &out);
		b.p[at] = was;
		qw_arena_reset(&arena);
	}
	qw_arena_fini(&arena);
	qw_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_an_approval),
		cmocka_unit_test(all_edges),
		cmocka_unit_test(only_the_same_request_uses_it),
		cmocka_unit_test(nothing_outlives_its_expiry),
		cmocka_unit_test(a_restart_keeps_them),
		cmocka_unit_test(a_flood_is_stopped),
		cmocka_unit_test(beside_a_busy_writer),
		cmocka_unit_test(borrowed_arguments),
		cmocka_unit_test(stored_bytes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
