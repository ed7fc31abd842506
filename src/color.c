/* SPDX-License-Identifier: Apache-2.0 */
#include "color.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const rcidp_color black = {0, 0, 0}, white = {255, 255, 255};

bool rcidp_color_parse(const char *text, rcidp_color *color)
{
    long value;

    if (text[0] != '#' || strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6)
        return false;
    value = strtol(text + 1, NULL, 16);
    color->red = (unsigned char)(value >> 16);
    color->green = (unsigned char)(value >> 8 & 0xFF);
    color->blue = (unsigned char)(value & 0xFF);
    return true;
}

const char *rcidp_color_text(apr_pool_t *pool, rcidp_color color)
{
    return apr_psprintf(pool, "#%02x%02x%02x", color.red, color.green, color.blue);
}

static double linear(unsigned char part)
{
    double c = part / 255.0;

    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(rcidp_color color)
{
    return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

double rcidp_color_contrast(rcidp_color one, rcidp_color other)
{
    double a = luminance(one) + 0.05, b = luminance(other) + 0.05;

    return a > b ? a / b : b / a;
}

rcidp_color rcidp_color_on(rcidp_color background)
{
    return rcidp_color_contrast(white, background) >= rcidp_color_contrast(black, background) ? white : black;
}

static unsigned char between(unsigned char from, unsigned char to, int percent)
{
    return (unsigned char)(from + (to - from) * percent / 100);
}

rcidp_color rcidp_color_mix(rcidp_color color, rcidp_color goal, int percent)
{
    color.red = between(color.red, goal.red, percent);
    color.green = between(color.green, goal.green, percent);
    color.blue = between(color.blue, goal.blue, percent);
    return color;
}

rcidp_color rcidp_color_readable(rcidp_color color, rcidp_color background)
{
    rcidp_color mixed = color;

    for (int percent = 0; rcidp_color_contrast(mixed, background) < 4.5 && percent <= 100; percent++)
        mixed = rcidp_color_mix(color, rcidp_color_on(background), percent);
    return mixed;
}
