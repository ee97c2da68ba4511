/*
 * Reads what a MySQL server contains: information_schema, as far as the login may see. It is no snapshot: what changes meanwhile
 * is left out or half there, and the pulse, which was taken before, beats another time then.
 */
#include <stdlib.h>
#include <strings.h>

#include "reading.h"

enum { DEADLINE_MS = 60000, READING_BYTES_MAX = 512 << 20, COLUMNS_MAX = 16 };

int my_fail_build(struct my_reading *rd, int err)
{
	return upstream_fail(rd->f, err, "53200", "the gateway could not keep the catalog", "%s", qw_error_text(err));
}

static int fail_server(struct my_reading *rd)
{
	return upstream_mysql_fail(rd->u->m, rd->target, qw_bytes(NULL, 0), upstream_mysql_end(), rd->f);
}

int my_execute(struct my_reading *rd, const char *sql)
{
	upstream_mysql_begin(rd->deadline_ms, false);
	if (mysql_real_query(rd->u->m, sql, (unsigned long)strlen(sql)) != 0 || mysql_field_count(rd->u->m) != 0)
		return fail_server(rd);
	(void)upstream_mysql_end();
	return 0;
}

int my_rows(struct my_reading *rd, const char *sql, unsigned columns, my_row_fn take)
{
	MYSQL_RES *r = NULL;
	MYSQL_ROW row;
	int err = 0;

	upstream_mysql_begin(rd->deadline_ms, false);
	if (mysql_real_query(rd->u->m, sql, (unsigned long)strlen(sql)) == 0)
		r = mysql_use_result(rd->u->m);
	if (!r || mysql_num_fields(r) != columns) {
		mysql_free_result(r);
		return fail_server(rd);
	}
	while ((row = mysql_fetch_row(r)) != NULL)
		if (!err)
			err = take(rd, (const char *const *)row);
	if (mysql_errno(rd->u->m)) {
		mysql_free_result(r);
		return fail_server(rd);
	}
	mysql_free_result(r);
	(void)upstream_mysql_end();
	return err ? my_fail_build(rd, err) : 0;
}

const char *my_keep(struct my_reading *rd, const char *text, bool folds)
{
	char *copy = qw_arena_strdup(&rd->arena, qw_bytes_from(text));

	for (char *c = copy; c && folds && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return copy;
}

void *my_grown(struct my_reading *rd, void *old, size_t count, size_t *cap, size_t item)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *p;

	if (count < *cap)
		return old;
	p = qw_arena_alloc(&rd->arena, more * item);
	if (!p)
		return NULL;
	if (count)
		memcpy(p, old, count * item);
	*cap = more;
	return p;
}

bool my_mentions(const char *text, const char *name)
{
	char printed[2 * MY_NAME_MAX];
	size_t n = 0;

	for (; *name; name++) {
		if (n + 3 > sizeof(printed))
			return true;
		printed[n++] = *name;
		if (*name == '`')
			printed[n++] = '`';
	}
	printed[n] = '\0';
	for (const char *p = n ? strcasestr(text, printed) : NULL; p; p = strcasestr(p + 1, printed)) {
		bool begins = p == text || !my_is_bare(p[-1]) || !my_is_bare(*p);

		if (begins && (!my_is_bare(p[n]) || !my_is_bare(p[n - 1])))
			return true;
	}
	return n == 0;
}

static int read_all(struct my_reading *rd)
{
	/* A name may be longer than what group_concat keeps; whoever alters a table shall not keep us waiting for long. */
	int err = my_execute(rd, "SET SESSION group_concat_max_len=1048576, lock_wait_timeout=10");

	if (!err)
		err = my_read_relations(rd);
	if (!err)
		err = my_read_routines(rd);
	if (!err)
		err = my_read_hazards(rd);
	return err ? err : my_read_views(rd);
}

static int values_of(struct my_reading *rd)
{
	for (size_t i = 0; i < rd->u->value_count; i++)
		if (strcmp(rd->u->values[i].name, "lower_case_table_names") == 0)
			rd->folds_tables = strcmp(rd->u->values[i].value, "0") != 0;
	catalog_set_mysql(rd->b, rd->folds_tables);
	catalog_set_server(rd->b, rd->u->version / 10000, false);
	return 0;
}

int upstream_mysql_read_catalog(struct vault *v, const struct upstream_target *t, uint64_t generation, struct catalog **out,
	struct upstream_failure *failure)
{
	struct upstream_request request = {.target = t, .application_name = "querywarden catalog"};
	struct my_reading rd = {.target = t, .f = failure, .deadline_ms = upstream_now_ms() + DEADLINE_MS};
	int err;

	*out = NULL;
	qw_arena_init(&rd.arena, READING_BYTES_MAX);
	rd.b = catalog_builder_new(generation);
	err = rd.b ? upstream_mysql_open(v, &request, &rd.u, failure) : my_fail_build(&rd, QW_E_NOMEM);
	if (!err)
		err = values_of(&rd);
	if (!err)
		err = read_all(&rd);
	upstream_mysql_close(rd.u);
	qw_arena_fini(&rd.arena);
	if (err) {
		catalog_builder_free(rd.b);
		return err;
	}
	*out = catalog_builder_finish(rd.b);
	return *out ? 0 : my_fail_build(&rd, QW_E_NOMEM);
}
