#pragma once

namespace boost::asio::ssl {
class context;
}

namespace omniclient::omniverse {

/// What connections over TLS have in common: servers must have a certificate for their name that leads to one of the
/// system's authorities, or to one in the file or folder that OpenSSL's `SSL_CERT_FILE` and `SSL_CERT_DIR` name. Made
/// at the first call; what cannot be read is logged. On the loop's thread.
boost::asio::ssl::context& tls_context();

}  // namespace omniclient::omniverse
