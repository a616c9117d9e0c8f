#pragma once

namespace boost::asio::ssl {
class context;
}

namespace omniclient::omniverse {

/// What connections over TLS have in common: servers must have a certificate for their name that leads to one of the
/// system's authorities, to one in the file that `OMNI_CA_FILE` names, or to one that OpenSSL's own `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name. Made at the first call; what cannot be read is logged. On the loop's thread.
boost::asio::ssl::context& tls_context();

}  // namespace omniclient::omniverse
