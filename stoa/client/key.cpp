#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "stoa/client/commands.hpp"
#include "stoa/keys/mnemonic.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxSecretFile = 16 * 1024;

/// Echo of the terminal is off while it lives.
class Silence {
  public:
    Silence() {
        is_terminal_ = tcgetattr(STDIN_FILENO, &before_) == 0;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~Silence() {
        if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;

  private:
    termios before_{};
    bool is_terminal_ = false;
};

std::string ask(Context& context, const std::string& question) {
    if (!isatty(STDIN_FILENO)) {
        throw Failure("no_terminal", "There is no terminal to ask for the " + question + '.',
                      "Give it in a file (see `stoa key import --help`).");
    }
    std::string answer;
    {
        const Silence silence;
        std::cerr << question << ": " << std::flush;
        std::getline(std::cin, answer);
    }
    context.out.remark("");
    return answer;
}

std::string without_line_end(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

void tell(Context& context, const std::string& name, const eth::Address& address,
          const char* what) {
    const auto folder = context.data / "keys";
    context.out.result({{"name", name},
                        {"address", to_checksum(address)},
                        {"file", (folder / (name + ".json")).string()}},
                       std::string{what} + ' ' + name + ": " + to_checksum(address));
    context.out.remark("  Back up " + (folder / (name + ".json")).string() +
                       " and the file \"password\" beside it: together they are the key.");
}

const char* kNameFix = "Choose another name, or see `stoa key list`.";

}  // namespace

void key_new(Context& context, const std::string& name) {
    const auto signer =
        value_or_failure(context.keystore().create(name), "The key " + name, kNameFix);
    tell(context, name, signer->address(), "made");
}

void key_import(Context& context, const KeyImportOptions& options) {
    const auto store = context.keystore();
    if (!options.keystore_file.empty()) {
        const std::string text = read_input(options.keystore_file, kMaxSecretFile);
        const std::string password =
            options.password_file.empty()
                ? ask(context, "password of " + options.keystore_file.filename().string())
                : without_line_end(read_input(options.password_file, kMaxSecretFile));
        const auto signer =
            value_or_failure(store.import_file(options.name, text, password),
                             options.keystore_file.string(), "Check the file and its password.");
        tell(context, options.name, signer->address(), "imported");
        return;
    }
    const std::string phrase = options.mnemonic_file.empty()
                                   ? ask(context, "recovery phrase")
                                   : read_input(options.mnemonic_file, kMaxSecretFile);
    const std::string path =
        options.path.empty() ? "m/44'/60'/0'/0/" + std::to_string(options.index) : options.path;
    auto secret = value_or_failure(keys::derive(phrase, path), "The recovery phrase",
                                   "Give its words in order, separated by spaces.");
    const auto signer = value_or_failure(store.import(options.name, std::move(secret)),
                                         "The key " + options.name, kNameFix);
    tell(context, options.name, signer->address(), "imported");
}

void key_list(Context& context) {
    json::array items;
    std::string text;
    for (const auto& entry : context.keystore().list()) {
        items.push_back({{"name", entry.name}, {"address", to_checksum(entry.address)}});
        text += entry.name + "  " + to_checksum(entry.address) + '\n';
    }
    context.out.result({{"items", items}}, text);
    if (items.empty()) context.out.remark("No key yet. Make one: stoa key new me");
}

}  // namespace stoa::client
