"""Prints the 1,000 User-Agents of `browsers.txt`: `python3 browsers.py > browsers.txt`.

Put together as browsers, apps and devices do it, from versions and devices that there are. The
same seed, the same file.
"""

import random

SEED = 7
COUNT = 1_000

DEVICES = [
    "SM-S918B", "SM-G991U", "SM-A546E", "SM-T870", "Pixel 8 Pro", "Pixel 7a", "Pixel 6", "2201117TG",
    "Redmi Note 12 Pro", "M2101K6G", "CPH2451", "CPH2207", "RMX3085", "V2111", "moto g(60)", "LE2123",
    "ONEPLUS A6013", "HD1913", "NOH-NX9", "VOG-L29", "ELS-NX9", "XQ-CT54", "LM-V405", "Nokia G42 5G",
    "ASUS_AI2302", "CUBOT X50", "TECNO KG5k", "Infinix X6816C", "itel A665L", "FP5", "KFTRWI",
]
MAC = ["10_15_7", "10_14_6", "11_7_10", "12_7_1", "13_6", "14_4_1"]
IOS = ["15_8", "16_1_2", "16_6", "16_7_8", "17_0_3", "17_4_1", "17_5_1", "17_6_1", "18_0", "18_1_1"]
WINDOWS = ["Windows NT 10.0; Win64; x64", "Windows NT 10.0; WOW64", "Windows NT 6.1; Win64; x64",
           "Windows NT 6.3; Win64; x64"]
LINUX = ["X11; Linux x86_64", "X11; Ubuntu; Linux x86_64", "X11; Fedora; Linux x86_64",
         "X11; CrOS x86_64 14541.0.0", "X11; Linux aarch64"]
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


def chrome(rng):
    major = rng.randint(96, 140)
    if rng.random() < 0.6:
        return f"Chrome/{major}.0.0.0"
    return f"Chrome/{major}.0.{rng.randint(4600, 7200)}.{rng.randint(20, 230)}"


def desktop(rng):
    mac = f"Macintosh; Intel Mac OS X {rng.choice(MAC)}"
    return rng.choice([rng.choice(WINDOWS), rng.choice(LINUX), mac])


def android(rng):
    return f"Linux; Android {rng.randint(8, 15)}; {rng.choice(DEVICES)}"


def chromium(rng):
    version = f"{rng.randint(90, 140)}.0.{rng.randint(1000, 4000)}.{rng.randint(10, 120)}"
    extra = rng.choice(["", "", "", f" Edg/{version}", f" OPR/{version}",
                        f" Vivaldi/{rng.randint(5, 7)}.{rng.randint(0, 9)}.{rng.randint(2000, 3600)}.{rng.randint(20, 60)}",
                        f" YaBrowser/24.{rng.randint(1, 12)}.0.0", f" Whale/3.{rng.randint(19, 28)}.266.14"])
    return f"Mozilla/5.0 ({desktop(rng)}) {WEBKIT} {chrome(rng)} Safari/537.36{extra}"


def firefox(rng):
    version = rng.randint(91, 141)
    where = rng.choice(WINDOWS + LINUX + ["Macintosh; Intel Mac OS X 10.15"])
    return f"Mozilla/5.0 ({where}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"


def safari(rng):
    version = f"{rng.randint(13, 18)}.{rng.randint(0, 6)}"
    return (f"Mozilla/5.0 (Macintosh; Intel Mac OS X {rng.choice(MAC)}) {APPLE} "
            f"Version/{version} Safari/605.1.15")


def iphone(rng):
    device = rng.choice(["iPhone; CPU iPhone OS", "iPhone; CPU iPhone OS", "iPad; CPU OS"])
    system = rng.choice(IOS)
    start = f"Mozilla/5.0 ({device} {system} like Mac OS X) {APPLE}"
    major = system.split("_")[0]
    return rng.choice([
        f"{start} Version/{major}.{rng.randint(0, 6)} Mobile/15E148 Safari/604.1",
        f"{start} CriOS/{rng.randint(100, 140)}.0.{rng.randint(5000, 7200)}.{rng.randint(20, 120)} Mobile/15E148 Safari/604.1",
        f"{start} FxiOS/{rng.randint(100, 140)}.0 Mobile/15E148 Safari/605.1.15",
        f"{start} EdgiOS/{rng.randint(100, 138)}.0.{rng.randint(1000, 3400)}.60 Version/{major}.0 Mobile/15E148 Safari/604.1",
        f"{start} GSA/{rng.randint(200, 380)}.0.{rng.randint(500000000, 700000000)} Mobile/15E148 Safari/604.1",
        f"{start} Mobile/15E148 Instagram {rng.randint(250, 390)}.0.0.{rng.randint(10, 40)}.90 "
        f"(iPhone14,5; iOS {system}; en_US; en; scale=3.00; 1170x2532; {rng.randint(400000000, 700000000)})",
        f"{start} Mobile/15E148 [FBAN/FBIOS;FBAV/{rng.randint(400, 520)}.0.0.41.90;FBBV/{rng.randint(400000000, 700000000)};"
        f"FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/{major}.5;FBSS/3;FBID/phone;FBLC/en_GB;FBOP/5]",
        f"{start} Version/{major}.0 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    ])


def mobile(rng):
    start = f"Mozilla/5.0 ({android(rng)}) {WEBKIT}"
    view = start.replace(")", "; wv)", 1)
    version = rng.randint(91, 141)
    return rng.choice([
        f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} {chrome(rng)} Mobile Safari/537.36",
        f"{start} {chrome(rng)} Mobile Safari/537.36",
        f"{start} {chrome(rng)} Safari/537.36",
        f"{start} SamsungBrowser/{rng.randint(14, 27)}.0 {chrome(rng)} Mobile Safari/537.36",
        f"{start} {chrome(rng)} Mobile Safari/537.36 OPR/{rng.randint(70, 86)}.0.0.0",
        f"{start} {chrome(rng)} Mobile Safari/537.36 EdgA/{version}.0.0.0",
        f"{start} Version/4.0 {chrome(rng)} Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.{rng.randint(0, 9)}.0-gn",
        f"{start} {chrome(rng)} HuaweiBrowser/14.0.{rng.randint(1, 5)}.301 Mobile Safari/537.36",
        f"{start} UCBrowser/13.{rng.randint(0, 6)}.0.1306 Mobile Safari/537.36",
        f"{view} Version/4.0 {chrome(rng)} Mobile Safari/537.36 Instagram {rng.randint(250, 390)}.1.0.33.110 Android",
        f"{view} Version/4.0 {chrome(rng)} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/{rng.randint(400, 520)}.0.0.49.109;]",
        f"{view} Version/4.0 {chrome(rng)} Mobile Safari/537.36 GSA/15.{rng.randint(1, 50)}.39.28.arm64",
        f"{view} Version/4.0 {chrome(rng)} Mobile Safari/537.36 MicroMessenger/8.0.{rng.randint(20, 50)}.2460 NetType/WIFI Language/en",
        f"Mozilla/5.0 (Android {rng.randint(8, 15)}; Mobile; rv:{version}.0) Gecko/{version}.0 Firefox/{version}.0",
    ])


def screens(rng):
    return rng.choice([
        f"Mozilla/5.0 (SMART-TV; Linux; Tizen {rng.randint(4, 7)}.0) {WEBKIT} {chrome(rng)} TV Safari/537.36",
        f"Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} {chrome(rng)} Safari/537.36 WebAppManager",
        f"Mozilla/5.0 (PlayStation; PlayStation 5/{rng.randint(5, 9)}.{rng.randint(10, 60)}) {APPLE} Version/13.0 Safari/605.1.15",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) {WEBKIT} {chrome(rng)} Safari/537.36 Edge/44.{rng.randint(18363, 19041)}.8131",
        f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {WEBKIT} Silk/{rng.randint(100, 130)}.3.1 like {chrome(rng)} Safari/537.36",
        f"Mozilla/5.0 (Windows NT {rng.choice(['6.1', '6.3', '10.0'])}; WOW64; Trident/7.0; rv:11.0) like Gecko",
    ])


def main():
    rng = random.Random(SEED)
    kinds = [chromium] * 6 + [firefox] * 3 + [safari] * 2 + [iphone] * 4 + [mobile] * 6 + [screens]
    agents = {}
    while len(agents) < COUNT:
        agents[rng.choice(kinds)(rng)] = None
    print("\n".join(agents))


main()
