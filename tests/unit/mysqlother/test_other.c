/* Statements that are no query and no write: what they are seen to do, and what of them is refused. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "qw/mysqlparse.h"

static const struct mysql_dialect maria = {.flavour = MYSQL_FLAVOUR_MARIADB, .version = 101119, .charset = MYSQL_CHARSET_UTF8};
static const struct mysql_dialect mysql = {.flavour = MYSQL_FLAVOUR_MYSQL, .version = 90704, .charset = MYSQL_CHARSET_UTF8};

static int arena_new(void **state)
{
	static struct qw_arena arena;

	qw_arena_init(&arena, 64 << 20);
	*state = &arena;
	return 0;
}

static int arena_free(void **state)
{
	qw_arena_fini(*state);
	return 0;
}

static struct mysql_parsed parse(struct qw_arena *arena, const struct mysql_dialect *d, const char *sql)
{
	struct mysql_parsed out;

	assert_int_equal(sqlparse_mysql(qw_bytes_from(sql), d, &SQLPARSE_LIMITS_DEFAULT, arena, &out), 0);
	return out;
}

/* "verb kind:schema.name=value; ..." */
static const char *text_acts(struct qw_arena *arena, const struct qw_statement *s)
{
	const char *all = "";

	for (size_t i = 0; i < s->act_count; i++) {
		const struct qw_act *a = &s->acts[i];

		all = qw_arena_printf(arena, "%s%s%s %s%s%s%s%s%s%s", all, i ? "; " : "", qw_verb_name(a->verb), a->kind_name, a->name ? ":" : "",
			a->schema ? a->schema : "", a->schema ? "." : "", a->name ? a->name : "", a->value ? "=" : "", a->value ? a->value : "");
	}
	return all;
}

struct expected {
	const char *sql, *acts;
};

static void check_acts(void **state, const struct mysql_dialect *d, const struct expected *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mysql_parsed p = parse(*state, d, cases[i].sql);
		const char *got;

		if (p.facts.problem)
			fail_msg("%s: %s", cases[i].sql, p.facts.problem);
		assert_int_equal(p.facts.count, 1);
		got = text_acts(*state, &p.facts.list[0]);
		if (strcmp(got, cases[i].acts) != 0)
			fail_msg("%s\n  expected: %s\n  got:      %s", cases[i].sql, cases[i].acts, got);
		qw_arena_reset(*state);
	}
}

static void check_refused(void **state, const struct mysql_dialect *d, const char *const *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mysql_parsed p = parse(*state, d, cases[i]);

		if (!p.facts.problem)
			fail_msg("accepted: %s", cases[i]);
		assert_int_equal(p.facts.count, 0);
		qw_arena_reset(*state);
	}
}

static void sessions(void **state)
{
	static const struct expected cases[] = {
		{"begin work", "tx.begin "},
		{"start transaction with consistent snapshot, read only", "tx.begin "},
		{"commit and no chain release", "tx.commit "},
		{"rollback to savepoint a", "tx.rollback_to savepoint:a"},
		{"release savepoint `a b`", "tx.savepoint savepoint:a b"},
		{"xa start 'a','b',1", "tx.two_phase "},
		{"use `shop`", "set database:shop"},
		{"set @a = 1, @`b c` := 2", "set user variable:a; set user variable:b c"},
		{"set autocommit=0, session wait_timeout = 5", "set setting:autocommit=0; set setting:wait_timeout=5"},
		{"SET GLOBAL Max_Connections = 5", "admin.alter_system setting:max_connections=5"},
		{"set @@global.read_only = on", "admin.alter_system setting:read_only=on"},
		{"set names utf8mb4 collate utf8mb4_bin", "set setting:names=utf8mb4"},
		{"set names gbk", "set.pinned setting:names=gbk"},
		{"set names default", "set.pinned setting:names"},
		{"set character set 'latin1'", "set.pinned setting:names=latin1"},
		{"set character_set_client = sjis", "set.pinned setting:character_set_client=sjis"},
		{"set sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE'", "set setting:sql_mode=STRICT_ALL_TABLES,NO_ZERO_DATE"},
		{"set sql_mode='ANSI_QUOTES'", "set.pinned setting:sql_mode=ANSI_QUOTES"},
		{"set sql_mode='NO_ZERO_DATE,ansi'", "set.pinned setting:sql_mode=NO_ZERO_DATE,ansi"},
		{"set @@session.sql_mode = @x", "set.pinned setting:sql_mode"},
		{"set sql_mode=concat(@@sql_mode, ',STRICT_TRANS_TABLES'), autocommit=1", "set setting:sql_mode; set setting:autocommit=1; call function:concat; show setting:sql_mode"},
		{"set sql_mode=concat(@@sql_mode, ',ANSI_QUOTES')", "set.pinned setting:sql_mode; call function:concat; show setting:sql_mode"},
		{"set sql_mode=concat(@@sql_mode, ',STRICT_TRANS_TABLES') collate utf8mb4_bin", "set.pinned setting:sql_mode; call function:concat; show setting:sql_mode"},
		{"set sql_mode=4", "set.pinned setting:sql_mode=4"},
		{"set session_track_system_variables='*'", "set.pinned setting:session_track_system_variables=*"},
		{"set transaction_read_only = off", "set setting:transaction_read_only=off"},
		{"set session transaction isolation level read committed, read write", "set access mode; tx.set transaction"},
		{"set transaction read only", "tx.set transaction"},
		{"show variables", "show variables"},
		{"show session variables like 'Sql_mode'", "show variables:Sql_mode"},
		{"show grants", "admin.server user"},
		{"set password for a@b = password('x')", "ddl.role user:a@b"},
		{"set password = 'x'", "ddl.role user"},
		{"set role admin", "set.role role:admin"},
		{"set statement max_statement_time=1 for delete from t", "set setting:max_statement_time=1; delete table:t"},
		{"lock tables a.b as c read local, d write", "lock table:a.b; lock table:d"},
		{"call s.p(1, @x)", "call procedure:s.p"},
		{"handler s.t open as h", "handler table:s.t"},
		{"kill 17", "admin.kill connection:17"},
		{"kill query 17", "admin.kill query:17"},
		{"kill (17)", "admin.kill connection"},
		{"kill user joe@host", "admin.kill user:joe@host"},
		{"deallocate prepare p", "deallocate statement:p"},
		{"execute p using @a", "execute statement:p"},
		{"prepare p from 'delete from s.t where a = ?'", "prepare statement:p; delete table:s.t"},
	};
	check_acts(state, &maria, cases, QW_COUNT(cases));
}

/* Where text is read in another way than the pinned one, going back changes it as well. */
static void unpinned(void **state)
{
	static const struct expected cases[] = {
		{"set sql_mode=''", "set.pinned setting:sql_mode="},
		{"set names utf8mb4", "set.pinned setting:names=utf8mb4"},
	};
	struct mysql_dialect d = maria;

	d.modes = MYSQL_MODE_ANSI_QUOTES;
	check_acts(state, &d, cases, 1);
	d.modes = 0;
	d.charset = MYSQL_CHARSET_BYTES;
	check_acts(state, &d, cases + 1, 1);
}

static void objects(void **state)
{
	static const struct expected cases[] = {
		{"create table s.t (a int)", "ddl.create table:s.t"},
		{"create or replace table t (a int) engine=connect", "ddl.replace ; ddl.create table:t; admin.load engine:connect"},
		{"create table t (a int) engine=federated connection='mysql://x'",
			"ddl.create table:t; admin.load engine:federated; ddl.create server"},
		{"create table t (a int) data directory '/tmp'", "ddl.create table:t; copy.file directory:/tmp"},
		{"create table t (a int) engine=merge union=(a,b)", "ddl.create table:t; select table:a; select table:b"},
		{"create table t as select a from s.u", "ddl.create table:t; ddl.create_as table:t; select table:s.u"},
		{"create table t like u", "ddl.create table:t; show table:u"},
		{"alter table t drop column a, add b int, rename to u", "ddl.alter table:t; ddl.alter_drop ; ddl.rename table:u"},
		{"alter table t truncate partition p", "ddl.alter table:t; truncate "},
		{"alter table t exchange partition p with table u", "ddl.alter table:t; ddl.alter table:u"},
		{"drop table if exists a, s.b cascade", "ddl.drop table:a; ddl.drop table:s.b"},
		{"truncate s.t", "truncate table:s.t"},
		{"rename table a to b, c to s.d", "ddl.rename table:a; ddl.rename table:b; ddl.rename table:c; ddl.rename table:s.d"},
		{"create view v as select a from t", "ddl.create view:v; select table:t"},
		{"drop database d", "ddl.drop database:d"},
		{"create unique index i on s.t (a)", "ddl.create index:s.t"},
		{"create function f returns string soname 'x.so'", "admin.load library:x.so"},
		{"install plugin p soname 'x'", "admin.load plugin:p"},
		{"grant select (a), insert on s.t to joe", "ddl.grant table:s.t"},
		{"grant all on *.* to joe", "ddl.grant server"},
		{"revoke admin from joe", "ddl.grant role:admin"},
		{"create user a@b identified by 'x', c", "ddl.role user:a@b; ddl.role user:c"},
		{"load data infile '/etc/passwd' into table t", "copy.file file:/etc/passwd; insert table:t"},
		{"load data local infile 'a' into table t (@x) set a = @x", "copy.in client; copy.file file:a; insert table:t"},
		{"flush logs", "admin.server flush"},
		{"shutdown", "admin.server shutdown"},
		{"optimize table a, b", "ddl.maintain table:a; ddl.maintain table:b"},
	};
	check_acts(state, &maria, cases, QW_COUNT(cases));
}

static void shows(void **state)
{
	static const struct expected cases[] = {
		{"show tables from s like 'a%'", "show database:s; show tables"},
		{"show full columns from t from s", "show table:t; show database:s"},
		{"describe s.t", "show table:s.t"},
		{"show create table s.t", "show table:s.t"},
		{"show warnings", "show diagnostics"},
		{"get diagnostics condition 1 @a = message_text", "show diagnostics"},
		{"show binlog events", "admin.server logs"},
		{"show create user joe", "admin.server user"},
		{"explain select a from t", "explain ; select table:t"},
		{"explain extended delete from t", "explain ; delete table:t"},
		{"analyze delete from t", "explain.analyze ; delete table:t"},
		{"analyze format=json update t set a = 1", "explain.analyze ; update table:t"},
		{"show explain for 5", "admin.server explain"},
	};
	check_acts(state, &maria, cases, QW_COUNT(cases));
}

static void flavours(void **state)
{
	static const struct expected cases[] = {
		{"set persist max_connections = 5", "admin.alter_system setting:max_connections=5"},
		{"set @@persist_only.max_connections = 5", "admin.alter_system setting:max_connections=5"},
		{"explain analyze delete from t", "explain.analyze ; delete table:t"},
		{"lock instance for backup", "lock "},
	};
	static const char *const not_mysql[] = {"execute immediate 'select 1'", "set statement a = 1 for select 1", "create or replace table t (a int)",
		"create sequence s", "backup stage start", "analyze select 1", "kill user a", "show explain for 1", "drop table t wait 5"};
	static const char *const not_maria[] = {"set persist a = 1", "explain analyze select 1", "lock instance for backup",
		"alter table t alter index i invisible", "install component 'a'", "restart"};

	check_acts(state, &mysql, cases, QW_COUNT(cases));
	check_refused(state, &mysql, not_mysql, QW_COUNT(not_mysql));
	check_refused(state, &maria, not_maria, QW_COUNT(not_maria));
}

static void refused(void **state)
{
	static const char *const cases[] = {"create procedure p() select 1", "create definer=a@b trigger t before insert on t for each row set @a = 1",
		"create event e on schedule every 1 day do delete from t", "set statement sql_mode='ANSI_QUOTES' for select \"a\"", "begin not atomic delete from t; end", "execute immediate 'delete from t'",
		"prepare p from @x", "prepare p from concat('delete ', 'from t')", "prepare p from 'delete' ' from t'",
		"prepare p from 'prepare q from \"select 1\"'", "prepare p from 'select 1; delete from t'", "prepare p from 'no sql'",
		"if 1 then delete from t; end if", "drop table", "drop table t u", "drop table t,", "set", "set a", "set a =", "set a = 1,",
		"set names", "show", "grant", "alter table t add", "create table t (a int,)", "create table t (a int default 1 + 1)", "use a.b",
		"commit and chain release", "start transaction read only, read write", "handler s.t read first", "load data infile x into table t"};

	check_refused(state, &maria, cases, QW_COUNT(cases));
}

static void named(void **state)
{
	struct mysql_parsed p = parse(*state, &maria, "prepare p from 'select ''a'' from t'");
	const struct qw_statement *s = p.facts.list;

	assert_null(p.facts.problem);
	assert_int_equal(s->named_op, QW_NAMED_PREPARE);
	assert_string_equal(s->named, "p");
	assert_int_equal(s->inner_kind, QW_INNER_PREPARE);
	assert_true(qw_bytes_equal(s->inner, QW_LIT("select 'a' from t")));
	s = parse(*state, &maria, "execute p").facts.list;
	assert_int_equal(s->named_op, QW_NAMED_EXECUTE);
	s = parse(*state, &maria, "drop prepare p").facts.list;
	assert_int_equal(s->named_op, QW_NAMED_DEALLOCATE);
	s = parse(*state, &maria, "explain delete from t").facts.list;
	assert_true(s->explains);
	s = parse(*state, &maria, "set statement a=1 for execute p").facts.list;
	assert_int_equal(s->named_op, QW_NAMED_EXECUTE);
}

/* Whatever is cut off or cut out of a statement: an answer, and never one act less than a statement has. */
static void cuts(void **state)
{
	static const char *const texts[] = {"alter table s.t add column if not exists (a int not null default 'x' comment 'y', key k (a desc)), drop b, engine=x",
		"create table t (a int references u (b) on delete cascade) partition by range (a) (partition p values less than (1))",
		"load data infile 'x' replace into table s.t fields terminated by ',' lines starting by 'a' ignore 1 lines (a, @b) set c = @b + 1",
		"grant select (a, b), update on s.t to 'joe'@'%' identified by 'x' with grant option max_queries_per_hour 5"};

	for (size_t t = 0; t < QW_COUNT(texts); t++)
		for (size_t i = 0; i < strlen(texts[t]); i++)
			for (size_t n = 0; n < 12 && i + n <= strlen(texts[t]); n += 3) {
				char text[256];
				struct mysql_parsed p;

				snprintf(text, sizeof(text), "%.*s%s", (int)i, texts[t], n ? texts[t] + i + n : "");
				p = parse(*state, &maria, text);
				assert_true(p.facts.problem || p.facts.count == 0 || p.facts.list[0].act_count > 0);
				qw_arena_reset(*state);
			}
}

/* A failing allocation is an error, never an answer. */
static void allocations(void **state)
{
	const char *sql = "alter table s.t add column a int default (1 + f(2)), add constraint c foreign key (a) references u (b), comment 'x'";
	struct mysql_parsed whole = parse(*state, &maria, sql);

	for (size_t bytes = 64; bytes < 40000; bytes += 64) {
		struct qw_arena small;
		struct mysql_parsed out;

		qw_arena_init(&small, bytes);
		if (sqlparse_mysql(qw_bytes_from(sql), &maria, &SQLPARSE_LIMITS_DEFAULT, &small, &out) == 0) {
			assert_null(out.facts.problem);
			assert_int_equal(out.facts.list[0].act_count, whole.facts.list[0].act_count);
		}
		qw_arena_fini(&small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(unpinned, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(objects, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(shows, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(flavours, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(refused, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(named, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(cuts, arena_new, arena_free),
		cmocka_unit_test_setup_teardown(allocations, arena_new, arena_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
