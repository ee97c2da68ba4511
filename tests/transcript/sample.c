#include "sample.h"

#include <stdio.h>

struct column {
	const char *name;
	uint32_t type;
};
static const struct column customers[] = {{"id", 23}, {"name", 25}, {"email", 25}, {"ssn", 25}, {"phone", 25}};
static const struct column orders[] = {{"id", 23}, {"customer_id", 23}, {"total", 1700}, {"status", 25}};
static const struct column v_customers[] = {{"id", 23}, {"tax_id", 25}, {"shout", 25}};
static const struct column inbox[] = {{"id", 23}, {"note", 25}};
static const struct column payroll[] = {{"id", 23}, {"paid", 16}};

/* OIDs as fixtures/postgres/trees.txt has them: capture puts them in. */
enum { CUSTOMERS = 20001, ORDERS, V_CUSTOMERS, INBOX, PAYROLL, WIPE = 20101, TOTAL };

static int add(struct catalog_builder *b, uint32_t oid, const char *name, enum catalog_relkind kind, const struct column *list,
	size_t n)
{
	int err = catalog_add_relation(b, oid, "public", name, kind);

	for (size_t i = 0; i < n && !err; i++)
		err = catalog_add_column(b, oid, (int16_t)(i + 1), list[i].name, list[i].type);
	return err;
}

static int add_function(struct catalog_builder *b, uint32_t oid, const char *name)
{
	const struct catalog_function f = {.oid = oid, .schema = "public", .name = name, .args = "orders", .language = "sql",
		.owner = "app", .kind = 'f', .volatility = 'v', .sha256 = "00"};
	int err = catalog_add_function(b, name);

	return err ? err : catalog_add_function_known(b, &f);
}

/* What writing to inbox does besides: only a tree shows it. */
static int add_rule(struct catalog_builder *b, unsigned on, const char *text)
{
	const struct catalog_hazard h = {.subject = INBOX, .on = on, .is_shown = true, .text = text, .detail = text};

	return catalog_add_hazard(b, &h);
}

static int add_operators(struct catalog_builder *b, const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned oid, function;
	int err = 0;

	while (f && !err && fscanf(f, "%u %u", &oid, &function) == 2)
		err = catalog_add_operator(b, oid, function, NULL);
	if (f)
		(void)fclose(f);
	return err;
}

struct catalog *sample_catalog(const char *operators)
{
	struct catalog_builder *b = catalog_builder_new(1);
	int err = add(b, CUSTOMERS, "customers", CATALOG_TABLE, customers, QW_COUNT(customers));

	err |= add(b, ORDERS, "orders", CATALOG_TABLE, orders, QW_COUNT(orders));
	err |= add(b, V_CUSTOMERS, "v_customers", CATALOG_VIEW, v_customers, QW_COUNT(v_customers));
	err |= catalog_set_origin(b, V_CUSTOMERS, 1, (struct catalog_origin){CUSTOMERS, 1});
	err |= catalog_set_origin(b, V_CUSTOMERS, 2, (struct catalog_origin){CUSTOMERS, 4});
	err |= catalog_add_depend(b, V_CUSTOMERS, (struct catalog_origin){CUSTOMERS, 1});
	err |= catalog_add_depend(b, V_CUSTOMERS, (struct catalog_origin){CUSTOMERS, 4});
	err |= add_function(b, WIPE, "wipe");
	err |= add_function(b, TOTAL, "total");
	err |= add(b, INBOX, "inbox", CATALOG_TABLE, inbox, QW_COUNT(inbox));
	err |= add(b, PAYROLL, "payroll", CATALOG_TABLE, payroll, QW_COUNT(payroll));
	err |= add_rule(b, CATALOG_ON_INSERT, "rule also ON public.inbox");
	err |= add_rule(b, CATALOG_ON_UPDATE, "rule gone ON public.inbox");
	err |= add_operators(b, operators);
	catalog_set_server(b, 15, true);
	QW_ASSERT(!err);
	return catalog_builder_finish(b);
}
