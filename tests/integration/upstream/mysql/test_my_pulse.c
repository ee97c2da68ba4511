/* Changes of the schema change the beat; nothing else does. */
#include <mysql.h>

#include "my.h"

static struct upstream_pulse *pulse;
static MYSQL *admin;

static uint64_t beat(void)
{
	struct upstream_failure f;
	uint64_t b = 0;

	if (upstream_pulse(pulse, &b, &f))
		fail_msg("%s: %s", f.sqlstate, f.detail);
	return b;
}

/* It may rest after a look that took long; another beat, or the last one. */
static uint64_t beat_after(uint64_t last)
{
	uint64_t now = beat();

	for (int i = 0; now == last && i < 70; i++) {
		(void)usleep(100000);
		now = beat();
	}
	return now;
}

static void run(const char *sql)
{
	if (mysql_real_query(admin, sql, strlen(sql)))
		fail_msg("%s: %s", sql, mysql_error(admin));
	do {
		mysql_free_result(mysql_store_result(admin));
	} while (mysql_next_result(admin) == 0);
}

static void test_changes(void **state)
{
	static const char *const changes[] = {
		"create table pulse_t (a int, b varchar(20))",
		"alter table pulse_t rename column b to c",
		"alter table pulse_t modify column c varchar(30)",
		"alter table pulse_t add column d int default 7",
		"alter table pulse_t modify column d int invisible default 7",
		"alter table pulse_t drop column d",
		"alter table pulse_t add column e int generated always as (a + 1) virtual",
		"alter table pulse_t drop column e, add column e int generated always as (a + 2) virtual",
		"create function pulse_f() returns int deterministic return 1",
		"drop function pulse_f; create function pulse_f() returns int deterministic return 2",
		"alter function pulse_f sql security invoker",
		"create procedure pulse_p(in x int) begin select x; end",
		"create trigger pulse_g before insert on pulse_t for each row set new.a = 1",
		"drop trigger pulse_g; create trigger pulse_g before insert on pulse_t for each row set new.a = 2",
		"create view pulse_v as select a from pulse_t",
		"create or replace view pulse_v as select c as a from pulse_t",
		"create table pulse_parent (id int primary key)",
		"alter table pulse_t add constraint pulse_k foreign key (a) references pulse_parent (id) on delete cascade",
		"alter table pulse_t drop foreign key pulse_k",
		"create event pulse_e on schedule every 1 day disable do select 1",
		"alter event pulse_e do select 2",
		"rename table pulse_t to pulse_u",
		"create database pulse_d; create table pulse_d.t (a int)",
		"grant trigger on shop.* to limited@'%'; grant select on pulse_d.* to app@'%'",
		"drop database pulse_d",
		"drop event pulse_e; drop view pulse_v; drop table pulse_u, pulse_parent; drop function pulse_f; drop procedure pulse_p",
	};
	uint64_t last = beat();

	(void)state;
	for (size_t i = 0; i < QW_COUNT(changes); i++) {
		uint64_t now;

		assert_int_equal(beat(), last);
		run(changes[i]);
		now = beat_after(last);
		if (now == last)
			fail_msg("not noticed: %s", changes[i]);
		last = now;
	}
}

static void test_no_changes(void **state)
{
	static const char *const work[] = {
		"insert into scratch values (77, 'x')", "update scratch set t = 'y' where id = 77", "delete from scratch where id = 77",
		"analyze table scratch", "begin", "insert into scratch values (78, 'x')", "rollback", "create temporary table tt (a int)",
		"drop temporary table tt", "set @x = 1", "optimize table scratch", "flush tables"};
	uint64_t before = beat();

	(void)state;
	for (size_t i = 0; i < QW_COUNT(work); i++) {
		run(work[i]);
		if (beat() != before)
			fail_msg("no change: %s", work[i]);
	}
}

static void test_lost(void **state)
{
	struct upstream_failure f;
	uint64_t b = 5;
	int err = 0;
	char sql[100];
	MYSQL_RES *r;
	MYSQL_ROW row;

	(void)state;
	assert_int_equal(mysql_query(admin, "select group_concat(id) from information_schema.processlist where user = 'admin'"), 0);
	r = mysql_store_result(admin);
	row = mysql_fetch_row(r);
	assert_non_null(row[0]);
	(void)snprintf(sql, sizeof(sql), "kill %s", row[0]);
	mysql_free_result(r);
	run(sql);
	for (int i = 0; !err && i < 70; i++) {
		b = 5;
		err = upstream_pulse(pulse, &b, &f);
		(void)usleep(err ? 0 : 100000);
	}
	assert_true(err < 0);
	assert_int_equal(b, 5);
	assert_string_equal(f.sqlstate, "08001");
}

static bool admin_connect(void)
{
	static const my_bool off = 0;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/socket", world.dir);
	admin = mysql_init(NULL);
	if (!admin || mysql_optionsv(admin, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &off))
		return false;
	return mysql_real_connect(admin, NULL, "root", "", "shop", 0, path, CLIENT_MULTI_STATEMENTS) != NULL;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_no_changes),
		cmocka_unit_test(test_lost),
	};
	struct upstream_failure f;
	struct upstream_target t;
	int failed;

	if (my_init(argc, argv))
		return 1;
	t = my_admin(); /* a change of what the login may not see is none of the snapshot either */
	if (!admin_connect() || upstream_pulse_open(world.vault, &t, "shop", &pulse, &f)) {
		(void)fprintf(stderr, "%s: %s\n", mysql_error(admin), f.detail);
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	upstream_pulse_free(pulse);
	mysql_close(admin);
	vault_close(world.vault);
	return failed;
}
