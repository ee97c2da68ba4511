/* Changes of the schema change the beat; nothing else does. */
#include "frames.h"

static struct upstream_pulse *pulse;

static uint64_t beat(void)
{
	struct upstream_failure f;
	uint64_t b = 0;

	if (upstream_pulse(pulse, &b, &f))
		fail_msg("%s: %s", f.sqlstate, f.detail);
	return b;
}

static void test_changes(void **state)
{
	static const char *const changes[] = {
		"create table pulse_t (a int, b text)",
		"alter table pulse_t rename column b to c",
		"alter table pulse_t add column d int default 7",
		"alter table pulse_t drop column d",
		"alter table pulse_t alter column c set default 'x'",
		"create function pulse_f() returns trigger language plpgsql as 'begin return new; end'",
		"create or replace function pulse_f() returns trigger language plpgsql as 'begin return null; end'",
		"create trigger pulse_g before insert on pulse_t for each row execute function pulse_f()",
		"alter table pulse_t disable trigger pulse_g",
		"create view pulse_v as select a from pulse_t",
		"create or replace view pulse_v as select a + 1 as a from pulse_t",
		"create domain pulse_d as int check (value > 0)",
		"alter domain pulse_d drop constraint pulse_d_check",
		"create table pulse_c () inherits (pulse_t)",
		"alter table pulse_c no inherit pulse_t",
		"create index pulse_i on pulse_t (lower(c))",
		"create policy pulse_p on pulse_t using (a > 0)",
		"create operator ## (leftarg = int, rightarg = int, function = int4pl)",
		"create schema pulse_s",
		"alter schema pulse_s rename to pulse_r",
		"alter table pulse_t rename to pulse_u",
		"do $$ begin begin execute 'create table pulse_x (a int)'; end; end $$",
		"drop schema pulse_r; drop operator ## (int, int); drop table pulse_u cascade; drop table pulse_c, pulse_x",
		"drop function pulse_f; drop domain pulse_d",
	};
	struct upstream_target t = target_plain();
	struct upstream *u;
	uint64_t last = beat();

	(void)state;
	t.credential = "admin";
	u = connected(&t);
	for (size_t i = 0; i < QW_COUNT(changes); i++) {
		uint64_t now;

		assert_int_equal(beat(), last);
		assert_true(answers(u, changes[i], ""));
		now = beat();
		if (now == last)
			fail_msg("not noticed: %s", changes[i]);
		last = now;
	}
	upstream_free(u);
}

static void test_no_changes(void **state)
{
	static const char *const work[] = {
		"insert into scratch values (77, 'x')", "update scratch set t = 'y' where id = 77", "delete from scratch where id = 77",
		"select txid_current()", "analyze scratch", "begin; create table pulse_y (a int); rollback", "vacuum scratch",
		"vacuum freeze pg_class", "select nextval('app_seq')"};
	struct upstream_target t = target_plain();
	struct upstream *u;
	uint64_t before;

	(void)state;
	t.credential = "admin";
	u = connected(&t);
	before = beat();
	for (size_t i = 0; i < QW_COUNT(work); i++) {
		assert_true(answers(u, work[i], ""));
		if (beat() != before)
			fail_msg("no change: %s", work[i]);
	}
	upstream_free(u);
}

/* A transaction that began before others ended is seen when it commits, and not before. */
static void test_late_commit(void **state)
{
	struct upstream_target t = target_plain();
	struct upstream *early = connected(&t), *other = connected(&t);
	uint64_t before = beat();

	(void)state;
	assert_true(answers(early, "begin; create table pulse_z (a int)", ""));
	assert_int_equal(beat(), before);
	assert_true(answers(other, "insert into scratch values (78, 'x'); delete from scratch where id = 78", ""));
	assert_int_equal(beat(), before);
	assert_true(answers(early, "commit", ""));
	assert_int_not_equal(beat(), before);
	assert_true(answers(other, "drop table pulse_z", ""));
	upstream_free(early);
	upstream_free(other);
}

static void test_lost(void **state)
{
	struct upstream_target t = target_plain();
	struct upstream_failure f;
	struct upstream *u;
	uint64_t b = 5;

	(void)state;
	t.credential = "admin";
	u = connected(&t);
	assert_true(answers(u, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'querywarden pulse'", "t"));
	assert_true(upstream_pulse(pulse, &b, &f) < 0);
	assert_int_equal(b, 5);
	upstream_free(u);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_no_changes),
		cmocka_unit_test(test_late_commit),
		cmocka_unit_test(test_lost),
	};
	struct upstream_failure f;
	struct upstream_target t;
	int failed;

	if (world_init(argc, argv))
		return 1;
	world_secret("admin", "postgres", world.password);
	t = target_tls();
	if (upstream_pulse_open(world.vault, &t, "shop", &pulse, &f)) {
		(void)fprintf(stderr, "%s %s: %s\n", f.sqlstate, f.message, f.detail);
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	upstream_pulse_free(pulse);
	vault_close(world.vault);
	return failed;
}
