package captcha

import "reflect"

// Texts are what the form field says to a visitor, in one language. They are plain text, not HTML.
type Texts struct {
	Label      string // names the text field; where there is no sound
	LabelSound string // the same where there is one

	Picture      string // stands for the picture: what it is for; where there is no sound
	PictureSound string // the same where there is one, and where to find it

	Sound   string // names the browser's own control for the sound
	Listen  string // the button that plays the sound
	Stop    string // the same button while the sound plays
	Refresh string // the button that gets another challenge
	Reload  string // what to do instead of that without JavaScript

	Refreshed string // another challenge is there, as the visitor asked
	Expired   string // another challenge is there, for the one before was about to expire
	TooMany   string // the app refuses another challenge for now (429)
	Offline   string // the app could not be reached for another challenge
	Silent    string // the sound could not be played

	Missing     string // the answer for ErrMissing
	Used        string // for ErrUnknownKey
	Wrong       string // for ErrWrongAnswer and ErrMalformed
	Unavailable string // for ErrStorage and any other error
}

// defaultTexts returns the texts that there are, by language.
func defaultTexts() map[string]Texts {
	return map[string]Texts{
		"en": {
			Label:        "Type the characters in the picture",
			LabelSound:   "Type the characters you see or hear",
			Picture:      "Distorted characters to copy into the text field, as a check that you are human.",
			PictureSound: "Distorted characters to copy into the text field, as a check that you are human. A spoken form comes after the text field.",
			Sound:        "The characters, spoken",
			Listen:       "Listen",
			Stop:         "Stop",
			Refresh:      "New characters",
			Reload:       "For other characters, reload the page.",
			Refreshed:    "There are new characters.",
			Expired:      "The characters had expired, so there are new ones. Please type those.",
			TooMany:      "That was too often. Please wait a moment, then try again.",
			Offline:      "There is no connection. Please try again later.",
			Silent:       "The sound can’t be played. Please ask for new characters.",
			Missing:      "Please type the characters.",
			Used:         "The characters had expired or were already used. Please type the new ones.",
			Wrong:        "That was not right. Please type the new characters.",
			Unavailable:  "The check does not work at the moment. Please try again in a few seconds.",
		},
		"de": {
			Label:        "Geben Sie die Zeichen im Bild ein",
			LabelSound:   "Geben Sie die Zeichen ein, die Sie sehen oder hören",
			Picture:      "Verzerrte Zeichen, die Sie in das Textfeld übertragen, um zu zeigen, dass Sie ein Mensch sind.",
			PictureSound: "Verzerrte Zeichen, die Sie in das Textfeld übertragen, um zu zeigen, dass Sie ein Mensch sind. Nach dem Textfeld können Sie sie sich vorlesen lassen.",
			Sound:        "Die Zeichen, vorgelesen",
			Listen:       "Anhören",
			Stop:         "Anhalten",
			Refresh:      "Neue Zeichen",
			Reload:       "Laden Sie die Seite neu, um andere Zeichen zu bekommen.",
			Refreshed:    "Es gibt neue Zeichen.",
			Expired:      "Die Zeichen waren abgelaufen, darum gibt es neue. Bitte geben Sie diese ein.",
			TooMany:      "Das war zu oft. Bitte warten Sie einen Moment und versuchen Sie es dann noch einmal.",
			Offline:      "Es gibt keine Verbindung. Bitte versuchen Sie es später noch einmal.",
			Silent:       "Der Ton lässt sich nicht abspielen. Bitte holen Sie neue Zeichen.",
			Missing:      "Bitte geben Sie die Zeichen ein.",
			Used:         "Die Zeichen waren abgelaufen oder schon benutzt. Bitte geben Sie die neuen ein.",
			Wrong:        "Das stimmte nicht. Bitte geben Sie die neuen Zeichen ein.",
			Unavailable:  "Die Prüfung ist gerade nicht möglich. Bitte versuchen Sie es in einigen Sekunden noch einmal.",
		},
		"fr": {
			Label:        "Saisissez les caractères de l’image",
			LabelSound:   "Saisissez les caractères que vous voyez ou entendez",
			Picture:      "Caractères déformés à recopier dans le champ de texte, pour vérifier que vous êtes un être humain.",
			PictureSound: "Caractères déformés à recopier dans le champ de texte, pour vérifier que vous êtes un être humain. Une version sonore suit le champ de texte.",
			Sound:        "Les caractères, lus à voix haute",
			Listen:       "Écouter",
			Stop:         "Arrêter",
			Refresh:      "Autres caractères",
			Reload:       "Pour obtenir d’autres caractères, rechargez la page.",
			Refreshed:    "Voici de nouveaux caractères.",
			Expired:      "Les caractères avaient expiré, en voici de nouveaux. Veuillez les saisir.",
			TooMany:      "Trop de demandes. Veuillez patienter un instant, puis réessayer.",
			Offline:      "Pas de connexion. Veuillez réessayer plus tard.",
			Silent:       "Le son ne peut pas être lu. Veuillez demander d’autres caractères.",
			Missing:      "Veuillez saisir les caractères.",
			Used:         "Les caractères avaient expiré ou déjà servi. Veuillez saisir les nouveaux.",
			Wrong:        "Ce n’était pas la bonne réponse. Veuillez saisir les nouveaux caractères.",
			Unavailable:  "La vérification est momentanément impossible. Veuillez réessayer dans quelques secondes.",
		},
		"es": {
			Label:        "Escriba los caracteres de la imagen",
			LabelSound:   "Escriba los caracteres que ve u oye",
			Picture:      "Caracteres deformados que hay que copiar en el campo de texto, para comprobar que usted es una persona.",
			PictureSound: "Caracteres deformados que hay que copiar en el campo de texto, para comprobar que usted es una persona. Después del campo de texto puede escucharlos.",
			Sound:        "Los caracteres, leídos en voz alta",
			Listen:       "Escuchar",
			Stop:         "Parar",
			Refresh:      "Otros caracteres",
			Reload:       "Para obtener otros caracteres, vuelva a cargar la página.",
			Refreshed:    "Hay caracteres nuevos.",
			Expired:      "Los caracteres habían caducado y ahora hay otros nuevos. Escríbalos, por favor.",
			TooMany:      "Demasiados intentos. Espere un momento y vuelva a intentarlo.",
			Offline:      "No hay conexión. Vuelva a intentarlo más tarde.",
			Silent:       "No se puede reproducir el sonido. Pida otros caracteres, por favor.",
			Missing:      "Escriba los caracteres, por favor.",
			Used:         "Los caracteres habían caducado o ya se habían usado. Escriba los nuevos, por favor.",
			Wrong:        "No era correcto. Escriba los caracteres nuevos, por favor.",
			Unavailable:  "La comprobación no funciona en este momento. Vuelva a intentarlo dentro de unos segundos.",
		},
		"pt": {
			Label:        "Digite os caracteres da imagem",
			LabelSound:   "Digite os caracteres que vê ou ouve",
			Picture:      "Caracteres distorcidos para copiar no campo de texto, como prova de que se trata de uma pessoa.",
			PictureSound: "Caracteres distorcidos para copiar no campo de texto, como prova de que se trata de uma pessoa. Depois do campo de texto é possível ouvi-los.",
			Sound:        "Os caracteres, lidos em voz alta",
			Listen:       "Ouvir",
			Stop:         "Parar",
			Refresh:      "Outros caracteres",
			Reload:       "Para obter outros caracteres, recarregue a página.",
			Refreshed:    "Há caracteres novos.",
			Expired:      "Os caracteres tinham expirado e agora há outros novos. Digite-os, por favor.",
			TooMany:      "Foram pedidos demais. Aguarde um momento e tente novamente.",
			Offline:      "Não há conexão. Tente novamente mais tarde.",
			Silent:       "Não foi possível reproduzir o som. Peça outros caracteres, por favor.",
			Missing:      "Digite os caracteres, por favor.",
			Used:         "Os caracteres tinham expirado ou já tinham sido usados. Digite os novos, por favor.",
			Wrong:        "Não estava certo. Digite os caracteres novos, por favor.",
			Unavailable:  "A verificação não funciona neste momento. Tente novamente dentro de alguns segundos.",
		},
		"ru": {
			Label:        "Введите символы с картинки",
			LabelSound:   "Введите символы, которые вы видите или слышите",
			Picture:      "Искажённые символы, которые нужно ввести в текстовое поле, чтобы подтвердить, что вы человек.",
			PictureSound: "Искажённые символы, которые нужно ввести в текстовое поле, чтобы подтвердить, что вы человек. После текстового поля их можно прослушать.",
			Sound:        "Символы, прочитанные вслух",
			Listen:       "Прослушать",
			Stop:         "Остановить",
			Refresh:      "Другие символы",
			Reload:       "Чтобы получить другие символы, перезагрузите страницу.",
			Refreshed:    "Показаны новые символы.",
			Expired:      "Срок действия символов истёк, показаны новые. Введите их, пожалуйста.",
			TooMany:      "Слишком много запросов. Подождите немного и попробуйте ещё раз.",
			Offline:      "Нет соединения. Попробуйте позже.",
			Silent:       "Не удалось воспроизвести звук. Запросите другие символы, пожалуйста.",
			Missing:      "Введите символы, пожалуйста.",
			Used:         "Срок действия символов истёк, или они уже были использованы. Введите новые, пожалуйста.",
			Wrong:        "Неверно. Введите новые символы, пожалуйста.",
			Unavailable:  "Проверка сейчас недоступна. Попробуйте ещё раз через несколько секунд.",
		},
	}
}

// withDefaults fills in what t leaves out.
func (t Texts) withDefaults(defaults Texts) Texts {
	value, from := reflect.ValueOf(&t).Elem(), reflect.ValueOf(defaults)
	for i := range value.NumField() {
		if value.Field(i).String() == "" {
			value.Field(i).Set(from.Field(i))
		}
	}
	return t
}

// texts returns the texts by language: the default ones, changed and added to by Config.Texts. A language that has no
// default ones takes English for what is left out.
func (cfg Config) texts() map[string]Texts {
	texts := defaultTexts()
	for language, changed := range cfg.Texts {
		defaults, ok := texts[language]
		if !ok {
			defaults = texts["en"]
		}
		texts[language] = changed.withDefaults(defaults)
	}
	return texts
}
