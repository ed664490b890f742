package main

import (
	"fmt"
	"strings"
)

// A language is one that the site speaks.
type language struct {
	Code  string // as in the lang attribute
	Name  string // in the language itself, so that whoever looks for it can read it
	Texts *texts
}

// languages lists them. The first one is for visitors who understand none.
var languages = []language{
	{"en", "English", &english},
	{"de", "Deutsch", &german},
	{"fr", "Français", &french},
	{"es", "Español", &spanish},
	{"ja", "日本語", &japanese},
}

func languageCodes() []string {
	var codes []string
	for _, l := range languages {
		codes = append(codes, l.Code)
	}
	return codes
}

// languageFor returns the language that the visitor chose, or else the first
// one of an Accept-Language header that the site speaks. Browsers list the
// languages in order of preference, so the header's weights add nothing.
func languageFor(chosen, accepted string) language {
	for tag := range strings.SplitSeq(chosen+","+accepted, ",") {
		tag, _, _ = strings.Cut(tag, ";")
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		for _, l := range languages {
			if strings.EqualFold(l.Code, primary) {
				return l
			}
		}
	}
	return languages[0]
}

// texts is everything that the site says. A field per text lets the compiler
// and the template engine find what is misspelled; a test finds what is
// missing.
type texts struct {
	Title string
	Intro string

	Preferences          string
	Theme                string
	Light, Dark, System  string
	TextSize             string
	Small, Medium        string
	Large, Huge          string
	Language, Automatic  string
	Note, NoteHint, Keep string
	Cookie, Bytes, Limit string // Limit: %d is the limit in bytes
	NoCookie, Until      string // Until: %s is a date
	LogIn, LogOut        string
	Name, NameHint       string
	NameWrong            string // %d is the largest number of characters
	Remember             string
	User, NoUser         string
	NoUserHint, Since    string // Since: %s is a date
	Saved, LoggedIn      string // LoggedIn: %s is the user
	LoggedOut            string
}

// value returns what a value of a setting is called.
func (t *texts) value(v string) string {
	switch v {
	case "light":
		return t.Light
	case "dark":
		return t.Dark
	case "system":
		return t.System
	case "small":
		return t.Small
	case "medium":
		return t.Medium
	case "large":
		return t.Large
	case "huge":
		return t.Huge
	case "auto":
		return t.Automatic
	}
	return languageFor(v, "").Name
}

// setting returns what a setting is called.
func (t *texts) setting(name string) string {
	switch name {
	case "theme":
		return t.Theme
	case "size":
		return t.TextSize
	}
	return t.Language
}

// title returns the title of the page of the template called name.
func (t *texts) title(name string) string {
	switch name {
	case "login":
		return t.LogIn
	case "user":
		return t.User
	}
	return t.Title
}

// notice returns what n says to user, "" for none.
func (t *texts) notice(n notice, user string) string {
	switch n {
	case saved:
		return t.Saved
	case loggedIn:
		return fmt.Sprintf(t.LoggedIn, user)
	case loggedOut:
		return t.LoggedOut
	}
	return ""
}

var english = texts{
	Title: "Make yourself at home",
	Intro: "Choose how this page looks and reads. The server remembers nothing: your choices travel in one encrypted cookie.",

	Preferences: "Preferences",
	Theme:       "Theme",
	Light:       "Light",
	Dark:        "Dark",
	System:      "System",
	TextSize:    "Text size",
	Small:       "Small",
	Medium:      "Medium",
	Large:       "Large",
	Huge:        "Huge",
	Language:    "Language",
	Automatic:   "Automatic",
	Note:        "Note to self",
	NoteHint:    "Write a few lines and watch the cookie grow. Your browser carries them, yet only this server can read them.",
	Keep:        "Keep the note",

	Cookie:   "Your cookie",
	Bytes:    "bytes",
	Limit:    "Every browser accepts a cookie of %d bytes, its name included.",
	NoCookie: "There is none yet. Change something, and it appears.",
	Until:    "It stays in this browser until %s.",

	LogIn:      "Log in",
	LogOut:     "Log out",
	Name:       "Name",
	NameHint:   "This is an example: any name will do, and there is no password.",
	NameWrong:  "Please enter a name of at most %d characters.",
	Remember:   "Remember me for a year",
	User:       "User",
	NoUser:     "No user",
	NoUserHint: "Nobody is logged in with this browser.",
	Since:      "Logged in since %s.",

	Saved:     "Saved.",
	LoggedIn:  "Welcome, %s.",
	LoggedOut: "You are logged out. Your preferences stay.",
}

var german = texts{
	Title: "Mach es dir gemütlich",
	Intro: "Wähle, wie diese Seite aussieht und spricht. Der Server merkt sich nichts: Deine Wahl reist in einem einzigen verschlüsselten Cookie mit.",

	Preferences: "Einstellungen",
	Theme:       "Farbschema",
	Light:       "Hell",
	Dark:        "Dunkel",
	System:      "System",
	TextSize:    "Schriftgröße",
	Small:       "Klein",
	Medium:      "Mittel",
	Large:       "Groß",
	Huge:        "Riesig",
	Language:    "Sprache",
	Automatic:   "Automatisch",
	Note:        "Notiz an mich",
	NoteHint:    "Schreib ein paar Zeilen und sieh zu, wie das Cookie wächst. Dein Browser trägt sie, aber nur dieser Server kann sie lesen.",
	Keep:        "Notiz behalten",

	Cookie:   "Dein Cookie",
	Bytes:    "Byte",
	Limit:    "Jeder Browser nimmt ein Cookie von %d Byte an, den Namen mitgezählt.",
	NoCookie: "Es gibt noch keins. Ändere etwas, und es entsteht.",
	Until:    "Es bleibt bis %s in diesem Browser.",

	LogIn:      "Anmelden",
	LogOut:     "Abmelden",
	Name:       "Name",
	NameHint:   "Dies ist ein Beispiel: Jeder Name ist recht, und ein Passwort gibt es nicht.",
	NameWrong:  "Bitte gib einen Namen mit höchstens %d Zeichen ein.",
	Remember:   "Ein Jahr lang angemeldet bleiben",
	User:       "Benutzer",
	NoUser:     "Kein Benutzer",
	NoUserHint: "In diesem Browser ist niemand angemeldet.",
	Since:      "Angemeldet seit %s.",

	Saved:     "Gespeichert.",
	LoggedIn:  "Willkommen, %s.",
	LoggedOut: "Du bist abgemeldet. Deine Einstellungen bleiben.",
}

var french = texts{
	Title: "Faites comme chez vous",
	Intro: "Choisissez l’apparence et la langue de cette page. Le serveur ne retient rien\u00a0: vos choix voyagent dans un seul cookie chiffré.",

	Preferences: "Préférences",
	Theme:       "Thème",
	Light:       "Clair",
	Dark:        "Sombre",
	System:      "Système",
	TextSize:    "Taille du texte",
	Small:       "Petite",
	Medium:      "Moyenne",
	Large:       "Grande",
	Huge:        "Énorme",
	Language:    "Langue",
	Automatic:   "Automatique",
	Note:        "Pense-bête",
	NoteHint:    "Écrivez quelques lignes et regardez le cookie grandir. Votre navigateur les transporte, mais seul ce serveur peut les lire.",
	Keep:        "Garder la note",

	Cookie:   "Votre cookie",
	Bytes:    "octets",
	Limit:    "Tout navigateur accepte un cookie de %d octets, nom compris.",
	NoCookie: "Il n’y en a pas encore. Changez quelque chose et il apparaîtra.",
	Until:    "Il reste dans ce navigateur jusqu’au %s.",

	LogIn:      "Se connecter",
	LogOut:     "Se déconnecter",
	Name:       "Nom",
	NameHint:   "Ceci est un exemple\u00a0: n’importe quel nom convient, sans mot de passe.",
	NameWrong:  "Saisissez un nom de %d caractères au plus.",
	Remember:   "Rester connecté pendant un an",
	User:       "Utilisateur",
	NoUser:     "Aucun utilisateur",
	NoUserHint: "Personne n’est connecté dans ce navigateur.",
	Since:      "Connecté depuis le %s.",

	Saved:     "C’est enregistré.",
	LoggedIn:  "Bienvenue, %s.",
	LoggedOut: "Vous êtes déconnecté. Vos préférences restent.",
}

var spanish = texts{
	Title: "Siéntete como en casa",
	Intro: "Elige cómo se ve y cómo se lee esta página. El servidor no recuerda nada: lo que eliges viaja en una sola cookie cifrada.",

	Preferences: "Preferencias",
	Theme:       "Tema",
	Light:       "Claro",
	Dark:        "Oscuro",
	System:      "Sistema",
	TextSize:    "Tamaño del texto",
	Small:       "Pequeño",
	Medium:      "Mediano",
	Large:       "Grande",
	Huge:        "Enorme",
	Language:    "Idioma",
	Automatic:   "Automático",
	Note:        "Nota para mí",
	NoteHint:    "Escribe unas líneas y mira cómo crece la cookie. Tu navegador las lleva, pero solo este servidor puede leerlas.",
	Keep:        "Guardar la nota",

	Cookie:   "Tu cookie",
	Bytes:    "bytes",
	Limit:    "Todos los navegadores aceptan una cookie de %d bytes, incluido su nombre.",
	NoCookie: "Todavía no hay ninguna. Cambia algo y aparecerá.",
	Until:    "Se queda en este navegador hasta el %s.",

	LogIn:      "Iniciar sesión",
	LogOut:     "Cerrar sesión",
	Name:       "Nombre",
	NameHint:   "Esto es un ejemplo: vale cualquier nombre y no hay contraseña.",
	NameWrong:  "Escribe un nombre de %d caracteres como máximo.",
	Remember:   "Recordarme durante un año",
	User:       "Usuario",
	NoUser:     "Ningún usuario",
	NoUserHint: "Nadie ha iniciado sesión en este navegador.",
	Since:      "Sesión iniciada el %s.",

	Saved:     "Guardado.",
	LoggedIn:  "Hola, %s.",
	LoggedOut: "Has cerrado la sesión. Tus preferencias se quedan.",
}

var japanese = texts{
	Title: "どうぞ、お好みのままに",
	Intro: "このページの見た目と言葉を選べます。サーバーは何も覚えません。選んだものは、暗号化されたひとつの Cookie に入っています。",

	Preferences: "設定",
	Theme:       "テーマ",
	Light:       "ライト",
	Dark:        "ダーク",
	System:      "システム",
	TextSize:    "文字の大きさ",
	Small:       "小",
	Medium:      "中",
	Large:       "大",
	Huge:        "特大",
	Language:    "言語",
	Automatic:   "自動",
	Note:        "自分へのメモ",
	NoteHint:    "何行か書いて、Cookie が育つのを見てみましょう。メモはブラウザーが持ち運びますが、読めるのはこのサーバーだけです。",
	Keep:        "メモを保存",

	Cookie:   "あなたの Cookie",
	Bytes:    "バイト",
	Limit:    "どのブラウザーも、名前を含めて %d バイトまでの Cookie を受け入れます。",
	NoCookie: "まだありません。何かを変えると作られます。",
	Until:    "%s までこのブラウザーに残ります。",

	LogIn:      "ログイン",
	LogOut:     "ログアウト",
	Name:       "名前",
	NameHint:   "これは見本です。どんな名前でもかまいません。パスワードはありません。",
	NameWrong:  "名前を %d 文字以内で入力してください。",
	Remember:   "1 年間ログインしたままにする",
	User:       "ユーザー",
	NoUser:     "ユーザーなし",
	NoUserHint: "このブラウザーでは誰もログインしていません。",
	Since:      "%s からログインしています。",

	Saved:     "保存しました。",
	LoggedIn:  "%s さん、ようこそ。",
	LoggedOut: "ログアウトしました。設定はそのまま残ります。",
}
