#include "cases.h"

#include <stdio.h>
#include <stdlib.h>

/* "VERDICT @N ==> SQL": the verdict without its range of versions, and the SQL behind it. Cuts the
 * line up. */
static bool line_split(char *line, const char **verdict, const char **sql)
{
	char *arrow = strstr(line, " ==> "), *range;

	if (!arrow || *line == '#')
		return false;
	*arrow = '\0';
	range = strrchr(line, '@');
	if (range && range > line)
		range[-1] = '\0';
	*verdict = line;
	*sql = arrow + 5;
	return true;
}

static void want(struct flow_cases *c, const char *sql, const char *verdict)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->list[i].sql, sql) == 0)
			c->list[i].want = verdict;
}

static void trees_split(struct flow_cases *c)
{
	size_t max = 0;

	for (char *at = c->trees, *end; at; at = end ? end + 1 : NULL) {
		char *tree = strchr(at, '\n');

		end = strstr(at, "\n@ ");
		if (!tree || strncmp(at, "@ ", 2) != 0)
			return;
		if (end)
			*end = '\0';
		*tree++ = '\0';
		if (!end)
			tree[strlen(tree) - 1] = '\0'; /* the file's last line feed */
		if (c->count == max) {
			max = max ? 2 * max : 256;
			c->list = realloc(c->list, max * sizeof(*c->list));
		}
		c->list[c->count++] = (struct flow_case){.sql = at + 2, .tree = tree};
	}
}

bool flow_cases_load(struct flow_cases *c, unsigned major)
{
	char path[512], *save = NULL;
	const char *verdict, *sql;

	*c = (struct flow_cases){.major = major};
	snprintf(path, sizeof(path), "%s/pg%u.world", FLOW_FIXTURES, major);
	c->world = world_load(path);
	snprintf(path, sizeof(path), "%s/pg%u.trees", FLOW_FIXTURES, major);
	c->trees = read_whole(path);
	snprintf(path, sizeof(path), "%s/cases.txt", FLOW_FIXTURES);
	c->table = read_whole(path);
	if (!c->world || !c->trees || !c->table)
		return false;
	trees_split(c);
	for (char *line = strtok_r(c->table, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (line_split(line, &verdict, &sql))
			want(c, sql, verdict);
	return c->count > 0;
}

void flow_cases_free(struct flow_cases *c)
{
	world_free(c->world);
	free(c->list);
	free(c->trees);
	free(c->table);
}

const struct flow_case *flow_case_find(const struct flow_cases *c, const char *sql)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->list[i].sql, sql) == 0)
			return &c->list[i];
	return NULL;
}
