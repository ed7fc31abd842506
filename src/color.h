/* SPDX-License-Identifier: Apache-2.0 */
/* Colours that can be read: luminance and contrast as WCAG 2.1 defines them. */
#ifndef RCIDP_COLOR_H
#define RCIDP_COLOR_H

#include <apr_pools.h>
#include <stdbool.h>

typedef struct rcidp_color {
    unsigned char red, green, blue;
} rcidp_color;

/* Parse "#RRGGBB". False, and *color untouched, if it is none. */
bool rcidp_color_parse(const char *text, rcidp_color *color);

/* "#rrggbb", in pool. */
const char *rcidp_color_text(apr_pool_t *pool, rcidp_color color);

/* The contrast ratio of two colours, 1 to 21 (WCAG 2.1, "contrast ratio"). */
double rcidp_color_contrast(rcidp_color one, rcidp_color other);

/* Black or white, whichever stands out more on this background: at least 4.5:1 on any. */
rcidp_color rcidp_color_on(rcidp_color background);

/* The colour on its way to `goal`, `percent` of the way. */
rcidp_color rcidp_color_mix(rcidp_color color, rcidp_color goal, int percent);

/* The colour nearest to this one that has a contrast of 4.5:1 with the background, towards black or white. */
rcidp_color rcidp_color_readable(rcidp_color color, rcidp_color background);

#endif
