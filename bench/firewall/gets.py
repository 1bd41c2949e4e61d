"""Prints the 200 GETs of `gets.txt`: `python3 gets.py > gets.txt`. The same seed, the same file.

Marks stand for values that every round makes anew: `{d6}` for six digits, `{h32}` for 32
hexadecimal digits, `{w7}` for a word of seven letters.
"""

import random

SEED = 42
REQUESTS = 200

CHROME = [("sec-ch-ua", '"Chromium";v="{v}", "Google Chrome";v="{v}", "Not_A Brand";v="24"'),
          ("sec-ch-ua-mobile", "?0"), ("sec-ch-ua-platform", '"Windows"')]
BROWSERS = [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/{v}.0.0.0 Safari/537.36", CHROME),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/{v}.0.0.0 Safari/537.36 Edg/{v}.0.0.0", CHROME),
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/{v}.0.0.0 Mobile Safari/537.36", CHROME),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0", []),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{v}.0) Gecko/20100101 Firefox/{v}.0", []),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 "
     "(KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1", []),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
     "(KHTML, like Gecko) Version/17.6 Safari/605.1.15", []),
]
ACCEPTS = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "application/json, text/plain, */*",
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
]
LANGUAGES = ["en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.8,en-US;q=0.5,en;q=0.3",
             "en-GB,en;q=0.5", "es-ES,es;q=0.9", "nl,en-US;q=0.7,en;q=0.3"]
PATHS = [
    "/", "/catalogue", "/catalogue/{w7}", "/catalogue/{w6}/{w8}", "/products/{d6}",
    "/products/{d6}/reviews", "/products/{w9}-{w7}-{d4}", "/search", "/basket", "/account/orders/{d8}",
    "/blog/2026/{w5}-{w8}-{w6}", "/static/app.{h16}.js", "/images/{h32}.jpg", "/api/v2/stock/{d6}",
    "/de/kategorie/{w8}", "/help/delivery", "/caf%C3%A9/{w6}",
]
ARGUMENTS = [
    ("page", "{d2}"), ("q", "{w6}+{w5}"), ("q", "{w7}%20{w5}%20{w8}"), ("sort", "price_asc"),
    ("size", "{d2}"), ("colour", "{w6}"), ("brand", "{w8}"), ("min_price", "{d2}.{d2}"),
    ("max_price", "{d4}"), ("utm_source", "newsletter"), ("utm_medium", "email"),
    ("utm_campaign", "{w7}-{w6}-2026"), ("gclid", "{h32}"), ("ref", "{w5}_{d4}"), ("lang", "en"),
    ("currency", "EUR"), ("id", "{h8}-{h4}-{h4}-{h4}-{h12}"), ("from", "2026-07-{d1}"),
    ("email", "{w6}.{w8}%40example.com"), ("return", "%2Faccount%2F{w8}"), ("view", "grid"),
    ("filter[]", "{w6}"), ("filter[]", "{w7}"), ("city", "M%C3%BCnchen"), ("zip", "{d5}"),
    ("token", "{h64}"), ("comment", "{w5}+{w6}+{w5}%2C+{w7}+{w6}%21"), ("t", "{d10}"),
]
COOKIES = [
    ("session", "{h32}"), ("theme", "dark"), ("_ga", "GA1.2.{d9}.{d10}"), ("cart", "{d5}"),
    ("_fbp", "fb.1.{d13}.{d9}"), ("consent", "necessary%2Cstatistics"), ("csrf", "{h40}"),
    ("lang", "en"), ("visited", "{d6}%7C{d6}%7C{d6}"), ("ab", "{w5}-{d1}"),
]


def request(rng, number):
    count = number % 11
    arguments = rng.sample(ARGUMENTS, count)
    query = "&".join(f"{name}={value}" for name, value in arguments)
    target = rng.choice(PATHS) + (f"?{query}" if query else "")
    agent, hints = rng.choice(BROWSERS)
    version = str(rng.randint(120, 138))
    lines = [f"GET {target} HTTP/1.1", "Host: shop.example", "Connection: keep-alive"]
    lines += [f"{name}: {value.replace('{v}', version)}" for name, value in hints]
    if rng.random() < 0.4:
        lines.append("Upgrade-Insecure-Requests: 1")
    lines.append("User-Agent: " + agent.replace("{v}", version))
    lines.append("Accept: " + rng.choice(ACCEPTS))
    lines += ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
    if rng.random() < 0.8:
        lines.append("Referer: https://shop.example/catalogue/{w7}?page={d2}")
    lines += ["Accept-Encoding: gzip, deflate, br", "Accept-Language: " + rng.choice(LANGUAGES)]
    cookies = rng.sample(COOKIES, rng.randint(1, 7))
    lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies))
    if rng.random() < 0.2:
        lines.append('If-None-Match: "{h16}"')
    return "\n".join(lines)


def main():
    rng = random.Random(SEED)
    print("\n\n".join(request(rng, number) for number in range(REQUESTS)))


main()
