/* What the flow asks of the world, and which statements are clear from their names alone. */
#include "../../support/cmocka_qw.h"

#include "policy_double.h"
#include "qw/labels.h"

enum { CUSTOMERS = 20000, ORDERS, LOG, PARENT, CHILD, V_PLAIN, V_FILTER, V_CALLS, TYPED, GENERATED, TOP, BELOW, NULLED, WRAPS };
enum { V_SOURCES = 13000, V_NAMES };
enum { F_LOG = 30000, F_OK, F_C, F_LOWER = 870, F_SLEEP = 2626, T_CHECKED = 40000, T_OUTER, T_EXT, T_LOOP };

static const struct policy_role agent = {.name = "agent", .id_bit = 1};
static const struct policy_mask masks[] = {MASK_ON("ssn", MASK_REDACT, "public.customers.ssn")};
static struct policy policy;
static struct catalog_builder *b;

static void table(uint32_t oid, const char *name, enum catalog_relkind kind, uint32_t second_type)
{
	assert_int_equal(catalog_add_relation(b, oid, "public", name, kind), 0);
	assert_int_equal(catalog_add_column(b, oid, 1, "id", 23), 0);
	assert_int_equal(catalog_add_column(b, oid, 2, oid == CUSTOMERS ? "ssn" : "note", second_type), 0);
}

static void function(uint32_t oid, const char *schema, const char *name, const char *extension)
{
	const struct catalog_function f = {.oid = oid, .schema = schema, .name = name, .args = "text", .owner = "app",
		.language = extension ? "c" : "sql", .extension = extension, .kind = 'f', .volatility = 'v', .sha256 = "00"};

	assert_int_equal(catalog_add_function_known(b, &f), 0);
	assert_int_equal(catalog_add_function(b, name), 0);
}

static void hazard(uint32_t subject, unsigned on, const char *text, uint32_t runs)
{
	const struct catalog_hazard h = {.subject = subject, .on = on, .text = text, .functions = &runs,
		.function_count = runs ? 1 : 0, .trusts_extensions = runs == F_C};

	assert_int_equal(catalog_add_hazard(b, &h), 0);
}

static void then(uint32_t subject, unsigned on, uint32_t relation, unsigned then_on)
{
	const struct catalog_hazard h = {.subject = subject, .on = on, .then_relation = relation, .then_on = then_on};

	assert_int_equal(catalog_add_hazard(b, &h), 0);
}

static void relations(void)
{
	table(CUSTOMERS, "customers", CATALOG_TABLE, 25);
	table(ORDERS, "orders", CATALOG_TABLE, 25);
	table(LOG, "log", CATALOG_TABLE, 25);
	table(PARENT, "parent", CATALOG_PARTITIONED, 25);
	table(CHILD, "child", CATALOG_TABLE, 25);
	table(V_PLAIN, "v_plain", CATALOG_VIEW, 25);
	table(V_FILTER, "v_filter", CATALOG_VIEW, 25);
	table(V_CALLS, "v_calls", CATALOG_VIEW, 25);
	table(TYPED, "typed", CATALOG_TABLE, T_CHECKED);
	table(GENERATED, "generated", CATALOG_TABLE, 25);
	table(TOP, "top", CATALOG_TABLE, 25);
	table(BELOW, "below", CATALOG_TABLE, 25);
	table(NULLED, "nulled", CATALOG_TABLE, 25);
	table(WRAPS, "wraps", CATALOG_TABLE, T_OUTER);
	assert_int_equal(catalog_add_parent(b, CHILD, PARENT), 0);
	for (uint32_t v = V_PLAIN; v <= V_CALLS; v++) {
		for (int16_t i = 1; i <= 2; i++)
			assert_int_equal(catalog_set_origin(b, v, i, (struct catalog_origin){ORDERS, i}), 0);
		assert_int_equal(catalog_add_depend(b, v, (struct catalog_origin){ORDERS, 1}), 0);
	}
	assert_int_equal(catalog_add_depend(b, V_FILTER, (struct catalog_origin){CUSTOMERS, 2}), 0);
	assert_int_equal(catalog_add_relation(b, 2619, "pg_catalog", "pg_statistic", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_column(b, 2619, 1, "starelid", 26), 0);
	assert_int_equal(catalog_add_column(b, 2619, 2, "stavalues1", 2277), 0);
	assert_int_equal(catalog_add_relation(b, 2604, "pg_catalog", "pg_attrdef", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_column(b, 2604, 1, "adnum", 21), 0);
	assert_int_equal(catalog_add_column(b, 2604, 2, "adbin", 194), 0);
	assert_int_equal(catalog_add_relation(b, 1255, "pg_catalog", "pg_proc", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_column(b, 1255, 1, "proname", 19), 0);
	assert_int_equal(catalog_add_column(b, 1255, 2, "prosrc", 25), 0);
	assert_int_equal(catalog_add_relation(b, 1259, "pg_catalog", "pg_class", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_column(b, 1259, 1, "reloptions", 1009), 0);
	assert_int_equal(catalog_add_relation(b, V_SOURCES, "pg_catalog", "v_sources", CATALOG_VIEW), 0);
	assert_int_equal(catalog_add_column(b, V_SOURCES, 1, "source", 25), 0);
	assert_int_equal(catalog_add_depend(b, V_SOURCES, (struct catalog_origin){1255, 2}), 0);
	assert_int_equal(catalog_add_relation(b, V_NAMES, "pg_catalog", "v_names", CATALOG_VIEW), 0);
	assert_int_equal(catalog_add_column(b, V_NAMES, 1, "name", 19), 0);
	assert_int_equal(catalog_add_depend(b, V_NAMES, (struct catalog_origin){1255, 1}), 0);
	assert_int_equal(catalog_add_relation(b, 2840, "pg_toast", "pg_toast_2619", CATALOG_OTHER), 0);
	assert_int_equal(catalog_add_column(b, 2840, 1, "chunk_data", 17), 0);
}

static unsigned quiet;

static struct labels *built(void)
{
	struct catalog *c;
	struct labels *l;

	b = catalog_builder_new(1);
	catalog_set_server(b, 15, true);
	catalog_set_quiet(b, quiet);
	relations();
	function(F_LOG, "public", "log_it", NULL);
	function(F_OK, "public", "ok", NULL);
	function(F_C, "public", "cmp", "ext");
	hazard(ORDERS, CATALOG_ON_INSERT, "trigger t on public.orders", F_LOG);
	hazard(CHILD, CATALOG_ON_UPDATE, "trigger u on public.child", F_LOG);
	hazard(V_CALLS, 0, "view public.v_calls", F_SLEEP);
	then(TOP, CATALOG_ON_DELETE, BELOW, CATALOG_ON_DELETE);
	then(BELOW, CATALOG_ON_DELETE, NULLED, CATALOG_ON_UPDATE);
	then(NULLED, CATALOG_ON_UPDATE, TOP, CATALOG_ON_UPDATE); /* a cycle */
	then(TOP, CATALOG_ON_UPDATE, NULLED, CATALOG_ON_UPDATE);
	hazard(NULLED, CATALOG_ON_UPDATE, "trigger n on public.nulled", F_LOG);
	hazard(T_CHECKED, 0, "CHECK constraint k of domain public.checked", F_OK);
	hazard(T_EXT, 0, "operator class o of public.ext", F_C);
	for (uint32_t t = T_CHECKED; t <= T_LOOP; t++)
		assert_int_equal(catalog_add_type(b, t, t == T_CHECKED ? "checked" : t == T_OUTER ? "outer" : NULL), 0);
	assert_int_equal(catalog_add_type_part(b, T_OUTER, T_CHECKED), 0);
	assert_int_equal(catalog_add_type_part(b, T_LOOP, T_LOOP), 0);
	assert_int_equal(catalog_add_generated(b, CUSTOMERS, (struct catalog_generated){1, 2}), 0);
	assert_int_equal(catalog_add_operator(b, 96, 65, NULL), 0);
	assert_int_equal(catalog_add_operator(b, 50000, F_OK, "###"), 0);
	c = catalog_builder_finish(b);
	assert_non_null(c);
	l = labels_build(c, &policy, &agent, "shop");
	catalog_unref(c);
	assert_non_null(l);
	return l;
}

static int setup(void **state)
{
	policy = (struct policy){.masks = masks, .count = 1};
	*state = built();
	return 0;
}

static int teardown(void **state)
{
	labels_unref(*state);
	return 0;
}

static void says(const char *got, const char *wanted)
{
	if (!wanted)
		assert_null(got);
	else if (!got || strncmp(got, wanted, strlen(wanted)) != 0)
		fail_msg("\"%s\", not \"%s\"", got ? got : "(nothing)", wanted);
}

static void test_names(void **state)
{
	const char *schema = NULL, *name = NULL;

	assert_true(labels_relation(*state, ORDERS, &schema, &name));
	assert_string_equal(name, "orders");
	assert_false(labels_relation(*state, 1, &schema, &name));
	assert_true(labels_function(*state, F_LOWER, &schema, &name));
	assert_string_equal(schema, "pg_catalog");
	assert_string_equal(name, "lower");
	assert_true(labels_function(*state, F_LOG, &schema, &name));
	assert_string_equal(name, "log_it");
	assert_false(labels_function(*state, 31000, &schema, &name));
	assert_int_equal(labels_operator_function(*state, 96), 65);
	assert_int_equal(labels_operator_function(*state, 97), 0);
}

static void test_plain_functions(void **state)
{
	assert_true(labels_function_is_plain(*state, F_LOWER));
	assert_false(labels_function_is_plain(*state, F_SLEEP));
	assert_false(labels_function_is_plain(*state, F_OK));
	assert_false(labels_function_is_plain(*state, 31000));
	assert_false(labels_function_is_plain(*state, 0));
	policy.reviewed[0] = "public.ok(text)";
	assert_true(labels_function_is_plain(*state, F_OK));
	assert_false(labels_function_is_plain(*state, F_LOG));
}

static void test_function_labels(void **state)
{
	assert_int_equal(labels_of_function(*state, 2022, 6).kind, LABEL_DERIVED); /* pg_stat_get_activity: query */
	assert_int_equal(labels_of_function(*state, 2022, 0).kind, LABEL_DERIVED);
	assert_int_equal(labels_of_function(*state, 2022, 2).kind, LABEL_PLAIN);
	assert_true(labels_of_function(*state, 1641, 1).is_definition); /* pg_get_viewdef */
	assert_false(labels_of_function(*state, F_LOWER, 1).is_definition);
	assert_int_equal(labels_of_function(*state, 31000, 1).kind, LABEL_UNKNOWN);
}

static void test_system_columns(void **state)
{
	assert_int_equal(labels_of(*state, 2619, 1).kind, LABEL_PLAIN);
	assert_int_equal(labels_of(*state, 2619, 2).kind, LABEL_DERIVED);
	assert_int_equal(labels_of(*state, 2840, 1).kind, LABEL_DERIVED);
	assert_int_equal(labels_of(*state, 2604, 2).kind, LABEL_PLAIN);
	assert_true(labels_of(*state, 2604, 2).is_definition);
	assert_false(labels_of(*state, 2604, 1).is_definition);
	assert_int_equal(labels_of(*state, CUSTOMERS, 2).kind, LABEL_MASK);
	assert_int_equal(labels_of(*state, CUSTOMERS, 1).kind, LABEL_DERIVED); /* generated from it */
}

static void test_unreviewed_columns(void **state)
{
	struct labels *l;
	struct label label;

	(void)state;
	policy.unreviewed = "public";
	policy.unreviewed_spec = (struct mask_spec){.kind = MASK_NULL};
	l = built();
	label = labels_of(l, ORDERS, 2);
	assert_int_equal(label.kind, LABEL_MASK);
	assert_ptr_equal(label.spec, &policy.unreviewed_spec);
	assert_string_equal(label.column, "public.orders.note");
	assert_int_equal(labels_of(l, V_PLAIN, 2).kind, LABEL_MASK);
	assert_ptr_equal(labels_of(l, CUSTOMERS, 2).spec, &masks[0].spec); /* a mask by name comes first */
	assert_int_equal(labels_of(l, 2604, 2).kind, LABEL_PLAIN);
	labels_unref(l);
}

static void test_write_hazards(void **state)
{
	says(labels_write_hazard(*state, ORDERS, QW_VERB_INSERT), "trigger t on public.orders runs public.log_it(text) [sha256 ");
	says(labels_write_hazard(*state, ORDERS, QW_VERB_UPSERT), "trigger t");
	says(labels_write_hazard(*state, ORDERS, QW_VERB_MERGE), "trigger t");
	says(labels_write_hazard(*state, ORDERS, QW_VERB_COPY_IN), "trigger t");
	says(labels_write_hazard(*state, ORDERS, QW_VERB_UPDATE), NULL);
	says(labels_write_hazard(*state, ORDERS, QW_VERB_DELETE), NULL);
	says(labels_write_hazard(*state, PARENT, QW_VERB_UPDATE), "trigger u on public.child"); /* rows lie in the partition */
	says(labels_write_hazard(*state, PARENT, QW_VERB_INSERT), NULL);
	says(labels_write_hazard(*state, TOP, QW_VERB_DELETE), "trigger n on public.nulled"); /* two keys further */
	says(labels_write_hazard(*state, LOG, QW_VERB_DELETE), NULL);
	says(labels_write_hazard(*state, 1, QW_VERB_DELETE), "something that the gateway cannot tell");
	says(labels_write_hazard(*state, TYPED, QW_VERB_INSERT), NULL); /* the tree shows the coercion */
	says(labels_write_hazard(*state, TYPED, QW_VERB_COPY_IN), "CHECK constraint k");
	policy.reviewed[0] = "public.log_it(text)";
	says(labels_write_hazard(*state, ORDERS, QW_VERB_INSERT), NULL);
	says(labels_write_hazard(*state, TOP, QW_VERB_DELETE), NULL);
	policy.reviewed[0] = "trigger t on public.orders runs public.log_it(text)";
	says(labels_write_hazard(*state, ORDERS, QW_VERB_INSERT), NULL);
	says(labels_write_hazard(*state, PARENT, QW_VERB_UPDATE), "trigger u");
}

static void test_type_hazards(void **state)
{
	says(labels_type_hazard(*state, 25), NULL);
	says(labels_type_hazard(*state, T_CHECKED), "CHECK constraint k of domain public.checked runs public.ok(text)");
	says(labels_type_hazard(*state, T_OUTER), "CHECK constraint k");
	says(labels_type_hazard(*state, T_EXT), NULL); /* C of an extension */
	says(labels_type_hazard(*state, T_LOOP), "a type that is made of too many others");
	says(labels_type_hazard(*state, 44444), "a type that the gateway does not know");
	policy.reviewed[0] = "public.ok(text)";
	says(labels_type_hazard(*state, T_OUTER), NULL);
}

static const char *reading(const struct labels *l, const char *type, const char *table, enum qw_verb verb)
{
	struct qw_act act = {.verb = verb, .kind = table ? QW_OBJECT_RELATION : QW_OBJECT_NONE, .name = table};
	struct qw_relation r = {.name = table};
	const struct qw_statement s = {.acts = &act, .act_count = 1, .types = &type, .type_count = type != NULL, .relations = &r,
		.relation_count = table != NULL};

	return labels_reading_hazard(l, &s);
}

static void test_reading_hazards(void **state)
{
	static const char *const types[] = {"checked", "s.checked", "_checked", "outer", "_outer", "typed", "_typed", "wraps", "public.wraps"};

	for (size_t i = 0; i < QW_COUNT(types); i++)
		says(reading(*state, types[i], NULL, QW_VERB_SELECT), "CHECK constraint k");
	says(reading(*state, "int4", NULL, QW_VERB_SELECT), NULL);
	says(reading(*state, "orders", NULL, QW_VERB_SELECT), NULL);
	says(reading(*state, NULL, "typed", QW_VERB_SELECT), NULL); /* a constant beside a domain is read as its base type */
	says(reading(*state, NULL, "typed", QW_VERB_INSERT), "CHECK constraint k"); /* a parameter for it is not */
	says(reading(*state, NULL, "wraps", QW_VERB_SELECT), "CHECK constraint k");
	says(reading(*state, NULL, "customers", QW_VERB_UPDATE), NULL);
	policy.reviewed[0] = "public.ok(text)";
	says(reading(*state, "outer", "wraps", QW_VERB_UPDATE), NULL);
}

static void test_cascades(void **state)
{
	struct qw_act a;

	assert_true(labels_cascade(*state, TOP, QW_VERB_DELETE, 0, &a));
	assert_int_equal(a.verb, QW_VERB_DELETE);
	assert_string_equal(a.name, "below");
	assert_true(labels_cascade(*state, TOP, QW_VERB_DELETE, 1, &a));
	assert_int_equal(a.verb, QW_VERB_UPDATE);
	assert_string_equal(a.name, "nulled");
	assert_true(labels_cascade(*state, TOP, QW_VERB_DELETE, 2, &a)); /* and back, once */
	assert_string_equal(a.name, "top");
	assert_false(labels_cascade(*state, TOP, QW_VERB_DELETE, 3, &a));
	assert_false(labels_cascade(*state, TOP, QW_VERB_INSERT, 0, &a));
	assert_false(labels_cascade(*state, ORDERS, QW_VERB_DELETE, 0, &a));
}

/* ---- clear ---- */
/* A column or function is guarded unless its kind is known to hold no data. */
static void test_guarded(void **state)
{
	struct labels *l = *state;

	assert_true(labels_of(l, 1255, 2).is_guarded);
	assert_false(labels_of(l, 1255, 1).is_guarded);
	assert_true(labels_of(l, 1255, 0).is_guarded);
	assert_false(labels_of(l, ORDERS, 0).is_guarded);
	assert_true(labels_of(l, 2604, 2).is_guarded);
	assert_false(labels_of(l, 1259, 1).is_guarded); /* options of storage */
	assert_true(labels_function_is_guarded(l, 1641)); /* pg_get_viewdef */
	assert_true(labels_function_is_guarded(l, 1387)); /* pg_get_constraintdef */
	assert_true(labels_function_is_guarded(l, 2162)); /* pg_get_function_arguments */
	assert_true(labels_function_is_guarded(l, 1216)); /* col_description */
	assert_false(labels_function_is_guarded(l, 1716)); /* pg_get_expr: what it is given tells */
	assert_false(labels_function_is_guarded(l, 2077)); /* current_setting */
	assert_false(labels_function_is_guarded(l, F_LOWER));
	assert_false(labels_function_is_guarded(l, 31000));
	quiet = CATALOG_QUIET_DEFAULTS | CATALOG_QUIET_CHECKS;
	l = built();
	quiet = 0;
	assert_false(labels_of(l, 2604, 2).is_guarded);
	assert_true(labels_of(l, 2604, 2).is_definition); /* it is looked through all the same */
	assert_true(labels_of(l, 1255, 2).is_guarded);
	assert_false(labels_function_is_guarded(l, 1387));
	assert_true(labels_function_is_guarded(l, 1641));
	assert_true(labels_function_is_guarded(l, 2162));
	labels_unref(l);
}

struct said { /* one statement, in few words */
	enum qw_verb verb;
	const char *table, *function, *qualifier, *column, *operator, *type;
	bool has_star, is_natural;
};

static bool is_clear(const struct labels *l, struct said t)
{
	struct qw_act acts[2] = {{.verb = t.verb, .kind = QW_OBJECT_RELATION, .kind_name = "relation", .name = t.table},
		{.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .kind_name = "function", .name = t.function}};
	struct qw_relation r = {.name = t.table, .in_natural_join = t.is_natural};
	struct qw_colref c = {.qualifier = t.qualifier, .name = t.column};
	struct qw_statement s = {.acts = acts, .act_count = t.function ? 2 : 1, .relations = &r, .relation_count = t.table != NULL,
		.columns = &c, .column_count = t.column || t.has_star, .operators = &t.operator, .operator_count = t.operator != NULL,
		.types = &t.type, .type_count = t.type != NULL};

	return labels_provably_clear(l, &s);
}

#define SAID(...) ((struct said){__VA_ARGS__})

static void test_clear(void **state)
{
	const struct labels *l = *state;

	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders")));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "v_plain", .function = "lower", .operator = "=", .type = "int4")));
	assert_true(is_clear(l, SAID(QW_VERB_DELETE, .table = "log")));
	assert_true(is_clear(l, SAID(.verb = QW_VERB_TX_BEGIN)));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .qualifier = "orders", .column = "note")));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .qualifier = "sub", .column = "lower"))); /* plain, if called */
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_attrdef")));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_proc", .qualifier = "pg_proc", .column = "proname")));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_class", .column = "reloptions")));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .table = "v_names", .column = "name")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_proc", .column = "prosrc"))); /* perhaps it is compared */
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_proc", .column = "pg_proc")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_proc", .qualifier = "pg_proc", .column = NULL, .has_star = true)));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_proc", .is_natural = true)));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "v_sources")));
	assert_true(is_clear(l, SAID(QW_VERB_SELECT, .function = "pg_advisory_unlock_all")));
	assert_true(is_clear(l, SAID(.verb = QW_VERB_UNLISTEN)));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .function = "pg_advisory_unlock")));
	assert_false(is_clear(l, SAID(.verb = QW_VERB_RESET_ALL)));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "customers")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "unheard_of")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "v_filter"))); /* which rows there are depends on a secret */
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "v_calls")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "typed")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "pg_statistic")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .function = "ok")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .function = "pg_sleep")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .function = "unheard_of")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .operator = "###")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .operator = "app.="))); /* newer than the snapshot? */
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .type = "app.int4")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .type = "checked")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .type = "orders")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .type = "_checked")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .qualifier = "orders", .column = "ok")));
	assert_false(is_clear(l, SAID(QW_VERB_SELECT, .table = "orders", .qualifier = "x", .column = "pg_sleep")));
	assert_false(is_clear(l, SAID(QW_VERB_INSERT, .table = "orders")));
	assert_false(is_clear(l, SAID(QW_VERB_DELETE, .table = "top")));
	assert_false(is_clear(l, SAID(QW_VERB_INSERT, .table = "v_plain"))); /* goes to orders, where a trigger is */
	assert_false(is_clear(l, SAID(QW_VERB_DELETE, .table = "pg_attrdef")));
	assert_false(is_clear(l, SAID(.verb = QW_VERB_DO)));
	assert_false(is_clear(l, SAID(.verb = QW_VERB_UNPARSED)));
	assert_true(is_clear(l, SAID(.verb = QW_VERB_EXECUTE))); /* what it names is looked at by itself */
	assert_true(is_clear(l, SAID(.verb = QW_VERB_CURSOR_FETCH)));
	assert_false(is_clear(l, SAID(.verb = QW_VERB_EXECUTE, .function = "ok"))); /* but what its parameters run counts */
}

/* A reviewed function may be called, but it takes the tree to see which one is meant. */
static void test_clear_trusts_no_review(void **state)
{
	policy.reviewed[0] = "public.ok(text)";
	assert_false(is_clear(*state, SAID(QW_VERB_SELECT, .table = "orders", .function = "ok")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_names), T(test_plain_functions), T(test_function_labels), T(test_system_columns), T(test_guarded), T(test_unreviewed_columns),
		T(test_write_hazards), T(test_type_hazards), T(test_reading_hazards), T(test_cascades), T(test_clear), T(test_clear_trusts_no_review),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
