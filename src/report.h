/* SPDX-License-Identifier: Apache-2.0 */
/* The page of the handler "rcidp-test": what a launch would send, explained and checked. Callers pass plain
 * UTF-8 text, which is escaped. */
#ifndef RCIDP_REPORT_H
#define RCIDP_REPORT_H

#include <apr_tables.h>
#include <apr_time.h>
#include <stdbool.h>

#include "look.h"

/* What a check came to. */
typedef enum { RCIDP_CHECK_GOOD, RCIDP_CHECK_UNKNOWN, RCIDP_CHECK_WARNING, RCIDP_CHECK_BAD } rcidp_verdict;

typedef struct rcidp_report_check {
    rcidp_verdict verdict;
    rcidp_word title;
    const char *sentence; /* what is wrong and what mends it; NULL where all is good */
} rcidp_report_check;

/* A line of a section: what it is, its values, and where they come from. */
typedef struct rcidp_report_line {
    const char *label;
    const apr_array_header_t *values; /* of const char *; empty for none */
    apr_time_t time;                  /* a value, too; 0 where the line has no time */
    const char *note;                 /* behind the values, NULL for none */
    const char *source, *place;       /* text of the configuration, and "FILE:LINE" of it; each may be NULL */
} rcidp_report_line;

typedef struct rcidp_report_section {
    rcidp_word title;
    apr_array_header_t *lines; /* of rcidp_report_line */
} rcidp_report_section;

typedef struct rcidp_report {
    const char *provider;               /* its title */
    const char *launch;                 /* the address of the real launch */
    const apr_array_header_t *others;   /* of rcidp_report_other: the launch path's other service providers */
    const apr_array_header_t *checks;   /* of rcidp_report_check */
    const apr_array_header_t *sections; /* of rcidp_report_section */
    const char *xml;   /* to be shown and downloaded, laid out; NULL where nothing would be issued */
    const char *query; /* "?sp=NAME" of this page */
    bool encrypted;    /* the real assertion is, this one is not */
    apr_time_t now;
} rcidp_report;

typedef struct rcidp_report_other {
    const char *title, *href;
} rcidp_report_other;

/* Add a line of one value; NULL or "" is none. Returns it, to be filled in further. */
rcidp_report_line *rcidp_report_add(const rcidp_report_section *section, const char *label,
                                    const char *value);

/* Begin a section in an array of them. */
rcidp_report_section *rcidp_report_begin(apr_array_header_t *sections, rcidp_word title);

/* The page, in pool. */
const char *rcidp_report_page(apr_pool_t *pool, const rcidp_look *look, const rcidp_report *report);

#endif
