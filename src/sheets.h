/* SPDX-License-Identifier: Apache-2.0 */
/* The styles and scripts of our pages, as text. */
#ifndef RCIDP_SHEETS_H
#define RCIDP_SHEETS_H

#include "look.h"

/* The style of every page. Its custom properties are what RcIdpPageColor and RcIdpPageStylesheet may change.
 */
extern const char rcidp_sheet_base[];

/* By rcidp_sheet; NULL for RCIDP_SHEET_NONE. */
extern const char *const rcidp_sheets[RCIDP_SHEETS];

/* By rcidp_script. */
extern const char *const rcidp_scripts[RCIDP_SCRIPTS];

#endif
