/* What a write's failure would tell of sensitive columns, and which columns repeat those that they reference. */
#include "../../support/cmocka_qw.h"

#include "policy_double.h"
#include "qw/labels.h"

#include <stdio.h>

/* Each table: 1 id, 2 plain, 3 secret (of PEOPLE: ssn, which is masked), 4 other, 5 made (generated) */
enum { PEOPLE = 20000, USES, LOOSE, STATES, HOMES, ROOT, LEAF, MOVED, FOLLOWS, SELF, CHILD_OF_USES, LATE, TWO, OUTSIDE };
enum { EVERY = CATALOG_ON_INSERT | CATALOG_ON_UPDATE };

static const struct policy_role agent = {.name = "agent", .id_bit = 1};
static const struct policy_mask masks[] = {MASK_ON("ssn", MASK_REDACT, "*.*.ssn")};
static struct policy policy;
static struct catalog_builder *b;
static struct qw_arena arena;

static void table(uint32_t oid, const char *name, bool has_secret)
{
	static const char *const columns[] = {"id", "plain", "secret", "other", "made"};

	assert_int_equal(catalog_add_relation(b, oid, "public", name, oid == ROOT ? CATALOG_PARTITIONED : CATALOG_TABLE), 0);
	for (int16_t i = 1; i <= 5; i++)
		assert_int_equal(catalog_add_column(b, oid, i, i == 3 && has_secret ? "ssn" : columns[i - 1], 25), 0);
}

struct rule {
	enum catalog_rule_kind kind;
	uint32_t relation, parent;
	int16_t keys[3], parent_keys[3], others[3];
	size_t key_count, other_count;
	bool is_equality, nulls_differ, is_fixed, for_children;
	const char *name;
};

static struct catalog_rule rule_of(const struct rule *r)
{
	return (struct catalog_rule){.kind = r->kind, .relation = r->relation, .parent = r->parent, .keys = r->keys,
		.parent_keys = r->parent ? r->parent_keys : NULL, .others = r->others, .key_count = r->key_count,
		.other_count = r->other_count, .is_equality = r->is_equality, .nulls_differ = r->nulls_differ, .is_fixed = r->is_fixed};
}

static void add(struct rule r, uint32_t subject, unsigned on)
{
	const struct catalog_rule rule = rule_of(&r);
	const struct catalog_hazard h = {.subject = subject, .on = on, .text = r.name, .detail = "d", .rule = &rule,
		.for_children = r.for_children};

	assert_int_equal(catalog_add_hazard(b, &h), 0);
}

static void unique(struct rule r)
{
	r.kind = CATALOG_UNIQUE;
	add(r, r.relation, EVERY);
}

static void check(struct rule r)
{
	r.kind = CATALOG_CHECK;
	add(r, r.relation, CATALOG_ON_UPDATE);
}

static void reference(struct rule r, unsigned on_delete, unsigned on_update)
{
	const unsigned ons[] = {CATALOG_ON_DELETE, CATALOG_ON_UPDATE}, thens[] = {on_delete, on_update};
	struct catalog_rule rule;

	r.kind = CATALOG_REFERENCE;
	r.is_equality = true;
	rule = rule_of(&r);
	add(r, r.relation, r.relation == r.parent ? EVERY | CATALOG_ON_DELETE : EVERY);
	if (r.relation != r.parent)
		add(r, r.parent, CATALOG_ON_UPDATE | CATALOG_ON_DELETE);
	for (size_t i = 0; i < 2; i++) {
		const struct catalog_hazard h = {.subject = r.parent, .on = ons[i], .then_relation = r.relation, .then_on = thens[i],
			.rule = &rule};

		if (thens[i])
			assert_int_equal(catalog_add_hazard(b, &h), 0);
	}
}

static void constraints(void)
{
	unique((struct rule){.relation = PEOPLE, .keys = {3}, .key_count = 1, .is_equality = true, .nulls_differ = true, .name = "people ssn"});
	unique((struct rule){.relation = PEOPLE, .keys = {1}, .key_count = 1, .is_equality = true, .nulls_differ = true, .name = "people id"});
	unique((struct rule){.relation = LOOSE, .keys = {2, 3}, .key_count = 2, .is_equality = true, .name = "loose nulls are equal"});
	unique((struct rule){.relation = LATE, .keys = {2}, .key_count = 1, .others = {3}, .other_count = 1, .is_equality = true,
		.nulls_differ = true, .name = "late where ssn"});
	unique((struct rule){.relation = TWO, .keys = {5}, .key_count = 1, .is_equality = true, .nulls_differ = true, .name = "two made"});
	check((struct rule){.relation = TWO, .others = {2, 3}, .other_count = 2, .is_fixed = true, .name = "two check"});
	check((struct rule){.relation = SELF, .others = {3}, .other_count = 1, .name = "self not valid"});
	check((struct rule){.relation = LATE, .others = {0}, .other_count = 1, .is_fixed = true, .name = "late whole row"});
	check((struct rule){.relation = ROOT, .keys = {2, 3}, .key_count = 2, .is_fixed = true, .for_children = true, .name = "root key"});
	unique((struct rule){.relation = LEAF, .keys = {3}, .key_count = 1, .is_equality = true, .nulls_differ = true, .name = "leaf ssn"});
	reference((struct rule){.relation = USES, .parent = PEOPLE, .keys = {2}, .parent_keys = {3}, .key_count = 1, .name = "uses to people"}, 0, 0);
	reference((struct rule){.relation = HOMES, .parent = STATES, .keys = {3}, .parent_keys = {2}, .key_count = 1, .name = "homes to states"},
		CATALOG_ON_UPDATE, 0);
	reference((struct rule){.relation = FOLLOWS, .parent = MOVED, .keys = {2}, .parent_keys = {1}, .key_count = 1, .name = "follows to moved"},
		CATALOG_ON_DELETE, CATALOG_ON_UPDATE);
	unique((struct rule){.relation = FOLLOWS, .keys = {2, 3}, .key_count = 2, .is_equality = true, .nulls_differ = true, .name = "follows both"});
	reference((struct rule){.relation = SELF, .parent = SELF, .keys = {4}, .parent_keys = {3}, .key_count = 1, .name = "self to self"},
		CATALOG_ON_DELETE, CATALOG_ON_UPDATE);
	reference((struct rule){.relation = OUTSIDE, .parent = USES, .keys = {4}, .parent_keys = {2}, .key_count = 1, .name = "outside to uses"}, 0, 0);
}

static struct labels *built(void)
{
	static const char *const names[] = {"people", "uses", "loose", "states", "homes", "root", "leaf", "moved", "follows", "self",
		"child_of_uses", "late", "two", "outside"};
	struct catalog *c;
	struct labels *l;

	b = catalog_builder_new(1);
	catalog_set_server(b, 15, true);
	for (uint32_t i = PEOPLE; i <= OUTSIDE; i++)
		table(i, names[i - PEOPLE], i != USES && i != STATES && i != MOVED && i != CHILD_OF_USES && i != OUTSIDE);
	assert_int_equal(catalog_add_parent(b, LEAF, ROOT), 0);
	assert_int_equal(catalog_add_parent(b, CHILD_OF_USES, USES), 0);
	assert_int_equal(catalog_add_generated(b, TWO, (struct catalog_generated){5, 3}), 0);
	constraints();
	c = catalog_builder_finish(b);
	assert_non_null(c);
	l = labels_build(c, &policy, &agent, "shop");
	catalog_unref(c);
	assert_non_null(l);
	return l;
}

static int setup(void **state)
{
	policy = (struct policy){.masks = masks, .count = QW_COUNT(masks)};
	qw_arena_init(&arena, 1 << 20);
	*state = built();
	return 0;
}

static int teardown(void **state)
{
	labels_unref(*state);
	qw_arena_fini(&arena);
	return 0;
}

/* "2l 3n": columns and values, `a`ny, `l`iteral, `n`ull, `f`resh. What is told: "NAME column" or, as a guess, "NAME column=" */
static void expect(const struct labels *l, uint32_t relation, enum qw_verb verb, const char *columns, const char *wanted)
{
	struct labels_written written[8];
	struct labels_write w = {.relation_oid = relation, .verb = verb, .columns = written};
	struct labels_tells *told;
	char said[2000] = "";
	size_t count, n = 0;

	for (const char *p = columns; *p; p += p[2] ? 3 : 2)
		written[w.count++] = (struct labels_written){(int16_t)(p[0] - '0'), (enum labels_value)(strchr("alnf", p[1]) - "alnf")};
	assert_int_equal(labels_tells(l, &w, &arena, &told, &count), 0);
	for (size_t i = 0; i < count; i++) {
		const char *column = told[i].label.column ? strchr(told[i].label.column, '.') + 1 : "?";
		const char *bracket = strstr(told[i].said, " [sha256 ");

		n += (size_t)snprintf(said + n, sizeof(said) - n, "%s%.*s: %s%s", n ? "; " : "",
			(int)(bracket ? (size_t)(bracket - told[i].said) : strlen(told[i].said)), told[i].said, column,
			told[i].is_equality ? "=" : "");
	}
	assert_string_equal(said, wanted);
}

static void test_unique(void **state)
{
	const struct labels *l = *state;

	expect(l, PEOPLE, QW_VERB_INSERT, "1l 2l", "");
	expect(l, PEOPLE, QW_VERB_INSERT, "1l 3n", "");
	expect(l, PEOPLE, QW_VERB_INSERT, "1l 3l", "people ssn: people.ssn=");
	expect(l, PEOPLE, QW_VERB_INSERT, "1a 3a", "people ssn: people.ssn"); /* of many rows: half of all numbers at once */
	expect(l, PEOPLE, QW_VERB_INSERT, "3f", "");
	expect(l, PEOPLE, QW_VERB_COPY_IN, "", "people ssn: people.ssn");
	expect(l, PEOPLE, QW_VERB_UPDATE, "2l", "");
	expect(l, PEOPLE, QW_VERB_UPDATE, "3l", "people ssn: people.ssn=; uses to people: uses.plain; uses to people: people.ssn");
	expect(l, LOOSE, QW_VERB_INSERT, "1l", "loose nulls are equal: loose.ssn=");
	expect(l, LOOSE, QW_VERB_UPDATE, "2l", "loose nulls are equal: loose.ssn"); /* two rows' secrets are compared */
	expect(l, LATE, QW_VERB_INSERT, "1l", "");
	expect(l, LATE, QW_VERB_INSERT, "2l", "late where ssn: late.ssn");
	expect(l, TWO, QW_VERB_INSERT, "1l", "two made: two.made"); /* generated: not NULL for all we know */
}

static void test_checks(void **state)
{
	const struct labels *l = *state;

	expect(l, TWO, QW_VERB_UPDATE, "1l", "");
	expect(l, TWO, QW_VERB_UPDATE, "2l", "two check: two.ssn");
	expect(l, TWO, QW_VERB_UPDATE, "2l 3l", "two made: two.made");
	expect(l, SELF, QW_VERB_UPDATE, "1l", "self not valid: self.ssn"); /* any row may fail */
	expect(l, LATE, QW_VERB_UPDATE, "1l", "late whole row: late.ssn");
	expect(l, LATE, QW_VERB_UPDATE, "3l", "late where ssn: late.ssn");
}

static void test_foreign_keys(void **state)
{
	const struct labels *l = *state;

	assert_int_equal(labels_of(l, USES, 2).kind, LABEL_MASK);
	assert_string_equal(labels_of(l, USES, 2).domain, "public.people.ssn"); /* equal values, equal tokens */
	assert_int_equal(labels_of(l, CHILD_OF_USES, 2).kind, LABEL_MASK);
	assert_int_equal(labels_of(l, OUTSIDE, 4).kind, LABEL_MASK); /* a key of a key */
	assert_int_equal(labels_of(l, SELF, 4).kind, LABEL_MASK);
	assert_int_equal(labels_of(l, STATES, 2).kind, LABEL_PLAIN);
	expect(l, USES, QW_VERB_INSERT, "1l 2l", "uses to people: people.ssn=");
	expect(l, USES, QW_VERB_INSERT, "1l 2a", "uses to people: people.ssn");
	expect(l, USES, QW_VERB_INSERT, "1l", "");
	expect(l, USES, QW_VERB_INSERT, "2n", "");
	expect(l, USES, QW_VERB_UPDATE, "4l", "");
	expect(l, USES, QW_VERB_UPDATE, "2l", "outside to uses: outside.other; outside to uses: uses.plain; uses to people: people.ssn=");
	expect(l, USES, QW_VERB_DELETE, "", "outside to uses: outside.other; outside to uses: uses.plain");
	expect(l, PEOPLE, QW_VERB_DELETE, "", "uses to people: uses.plain; uses to people: people.ssn");
	expect(l, STATES, QW_VERB_DELETE, "", "homes to states: homes.ssn");
	expect(l, STATES, QW_VERB_UPDATE, "1l", "");
	expect(l, STATES, QW_VERB_UPDATE, "2l", "homes to states: homes.ssn");
	expect(l, STATES, QW_VERB_INSERT, "2l", "");
	expect(l, HOMES, QW_VERB_INSERT, "3l", ""); /* what it is compared with is no secret */
	expect(l, MOVED, QW_VERB_UPDATE, "1l", "follows both: follows.ssn"); /* what the key does to others is compared there */
	expect(l, MOVED, QW_VERB_DELETE, "", "");
}

static void test_partitions(void **state)
{
	const struct labels *l = *state;

	expect(l, ROOT, QW_VERB_INSERT, "1l 3l", "leaf ssn: leaf.ssn=");
	expect(l, ROOT, QW_VERB_UPDATE, "1l", "");
	expect(l, ROOT, QW_VERB_UPDATE, "2l", "root key: root.ssn; leaf ssn: leaf.ssn"); /* the row may move */
	expect(l, LEAF, QW_VERB_UPDATE, "2l", "root key: root.ssn");
	expect(l, LEAF, QW_VERB_INSERT, "2l", "");
}

static void test_what_is_reviewed(void **state)
{
	policy.reviewed[0] = "people ssn";
	expect(*state, PEOPLE, QW_VERB_INSERT, "3l", "");
	expect(*state, LOOSE, QW_VERB_INSERT, "1l", "loose nulls are equal: loose.ssn=");
	policy.reviewed[0] = NULL;
	expect(*state, 4, QW_VERB_INSERT, "1l", "something that the gateway cannot tell: ?");
}

/* By the names alone: what may tell is never clear. */
static void test_clear(void **state)
{
	static const struct {
		const char *table;
		enum qw_verb verb;
		bool is_clear;
	} cases[] = {{"states", QW_VERB_INSERT, true}, {"states", QW_VERB_DELETE, false}, {"states", QW_VERB_UPDATE, false},
		{"moved", QW_VERB_UPDATE, false}, {"moved", QW_VERB_INSERT, true}, {"uses", QW_VERB_INSERT, false}};

	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct qw_act act = {.verb = cases[i].verb, .kind = QW_OBJECT_RELATION, .kind_name = "table", .name = cases[i].table};
		struct qw_relation relation = {.name = cases[i].table};
		const struct qw_statement s = {.acts = &act, .act_count = 1, .relations = &relation, .relation_count = 1};

		if (labels_provably_clear(*state, &s) != cases[i].is_clear)
			fail_msg("%s of %s", qw_verb_name(cases[i].verb), cases[i].table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_foreign_keys),
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_what_is_reviewed),
		cmocka_unit_test(test_clear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
