/*
 * What a stored expression runs. Its text is nodeToString's: "{OPEXPR :opno 96 :opfuncid 65 ...}". Blanks within names and
 * literals are escaped there, so that none of them can imitate a label and its number. Operators carry their function; what only
 * carries an operator (a comparison of rows) compares by the types' own operator classes, which are hazards of the types.
 */
#include <limits.h>
#include <stdlib.h>

#include "reading.h"
#include "qw/functions.h"

static int take_function(const struct reading *rd, uint32_t oid, struct reading_expression *e)
{
	bool is_fixed = oid < FUNCTIONS_FIXED_BELOW && rd->is_verified && !reading_oids_has(&rd->changed, oid);

	if (oid == 0 || (is_fixed && functions_is_plain(functions_by_oid(rd->major, oid))))
		return 0;
	return reading_oids_add(&e->functions, oid);
}

static int take_type(const struct reading *rd, uint32_t oid, struct reading_expression *e)
{
	(void)rd;
	return oid < FUNCTIONS_FIXED_BELOW ? 0 : reading_oids_add(&e->types, oid);
}

/* System columns have negative numbers: nothing is computed from them that matters here. */
static int take_column(const struct reading *rd, uint32_t number, struct reading_expression *e)
{
	(void)rd;
	return number > SHRT_MAX ? 0 : reading_oids_add(&e->columns, number);
}

int reading_expression_scan(const struct reading *rd, const char *tree, struct reading_expression *e)
{
	static const struct {
		const char *label;
		int (*take)(const struct reading *rd, uint32_t oid, struct reading_expression *e);
	} labels[] = {
		{":funcid ", take_function},
		{":opfuncid ", take_function},
		{":aggfnoid ", take_function},
		{":winfnoid ", take_function},
		{":resulttype ", take_type},
		{":consttype ", take_type},
		{":varattno ", take_column},
	};
	int err = 0;

	for (const char *p = strchr(tree, ':'); !err && p; p = strchr(p + 1, ':')) {
		for (size_t i = 0; !err && i < QW_COUNT(labels); i++) {
			size_t n = strlen(labels[i].label);

			if (strncmp(p, labels[i].label, n) == 0)
				err = labels[i].take(rd, (uint32_t)strtol(p + n, NULL, 10), e);
		}
	}
	return err;
}

void reading_expression_fini(struct reading_expression *e)
{
	reading_oids_fini(&e->functions);
	reading_oids_fini(&e->types);
	reading_oids_fini(&e->columns);
}
