#pragma once

/// The version of the SDK that a plugin is built with. The build checks that it is the project's.
#define OMNIBROKER_SDK_VERSION "0.1.0"
