/* The reviewed list of the servers' own functions: functions.tsv. */
#include "room.h"

static const struct {
	const char *name;
	enum lineage_class class;
} known[] = {
#include "lineage_functions.h"
};

static int find(const char *name)
{
	size_t low = 0, high = QW_COUNT(known);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, known[middle].name);

		if (order == 0)
			return (int)middle;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

bool lineage_function_is_known(const char *name)
{
	return find(name) >= 0;
}

/* One list for both flavours: what one of them has not cannot be native there, and call.c asks the catalog for a user's first. */
enum lineage_class lineage_function_class(enum mysql_flavour flavour, const char *name)
{
	int i = flavour == MYSQL_FLAVOUR_NONE ? -1 : find(name);

	return i < 0 ? LINEAGE_DENY : known[i].class;
}
