#pragma once

/// How far long transfers are: a bar on standard error, where that is a terminal. It is there while the library tells
/// percentages between 0 and 100, so what is done at once has none.
namespace omni::progress {

/// From here on; `--json` has none.
void show();
/// Takes the bar away, so that something else can be printed. From every thread.
void clear();
void hide();

}  // namespace omni::progress
