package pack_test

import (
	"testing"
	"unicode/utf8"
)

// TestLanguages checks that sentences of the world's scripts take less than
// their UTF-8. most is what each may take: bits a character in the Latin
// script, hundredths of UTF-8 in the others.
func TestLanguages(t *testing.T) {
	sum, n := 0.0, 0
	for _, test := range []struct {
		name, text string
		latin      bool
		most       float64
	}{
		{"German", "Ihre Bestellung wurde storniert, bitte prüfen Sie die Angaben.", true, 6},
		{"French", "Votre mot de passe a été modifié, veuillez vous reconnecter.", true, 6},
		{"Spanish", "La contraseña ha cambiado, vuelva a iniciar la sesión por favor.", true, 6},
		{"Portuguese", "Sua conta foi criada, verifique a caixa de entrada do e-mail.", true, 6},
		{"Italian", "Il carrello è vuoto, scegli prima un prodotto dal catalogo.", true, 6},
		{"Dutch", "Uw wachtwoord is gewijzigd, meld u opnieuw aan met het nieuwe.", true, 6},
		{"Swedish", "Ditt konto har skapats, bekräfta din adress för att fortsätta.", true, 6},
		{"Polish", "Hasło zostało zmienione, zaloguj się ponownie do serwisu.", true, 7},
		{"Czech", "Heslo bylo změněno, přihlaste se prosím znovu do systému.", true, 7},
		{"Turkish", "Şifreniz değiştirildi, lütfen yeniden giriş yapın.", true, 7},
		{"Vietnamese", "Mật khẩu của bạn đã được thay đổi, vui lòng đăng nhập lại.", true, 9},
		{"Russian", "Пароль изменён, пожалуйста, войдите в систему снова.", false, 50},
		{"Ukrainian", "Пароль змінено, будь ласка, увійдіть до системи знову.", false, 50},
		{"Greek", "Ο κωδικός άλλαξε, παρακαλώ συνδεθείτε ξανά στο σύστημα.", false, 50},
		{"Arabic", "تم تغيير كلمة المرور، يرجى تسجيل الدخول مرة أخرى.", false, 55},
		{"Persian", "رمز عبور تغییر کرد، لطفا دوباره وارد سامانه شوید.", false, 55},
		{"Hebrew", "הסיסמה שונתה, אנא התחברו שוב למערכת.", false, 50},
		{"Hindi", "पासवर्ड बदल दिया गया है, कृपया फिर से लॉग इन करें।", false, 50},
		{"Thai", "เปลี่ยนรหัสผ่านแล้ว กรุณาเข้าสู่ระบบอีกครั้ง", false, 50},
		{"Georgian", "პაროლი შეიცვალა, გთხოვთ თავიდან შეხვიდეთ სისტემაში.", false, 60},
		{"Korean", "비밀번호가 변경되었습니다. 다시 로그인해 주세요.", false, 75},
		{"Japanese", "パスワードが変更されました。もう一度ログインしてください。", false, 80},
		{"Chinese", "密码已更改，请重新登录系统。", false, 90},
	} {
		bits := packer.Bits(encode(t, map[string]any{"message": test.text})) - packer.Bits(encode(t, map[string]any{"message": nil}))
		perCharacter := float64(bits) / float64(utf8.RuneCountInString(test.text))
		share := 100 * float64(bits) / float64(8*len(test.text))
		t.Logf("%-10s %5.2f bits a character, %3.0f%% of UTF-8", test.name, perCharacter, share)
		got := share
		if test.latin {
			got = perCharacter
			sum += perCharacter
			n++
		}
		if got > test.most {
			t.Errorf("%s: %.2f, want at most %.2f", test.name, got, test.most)
		}
	}
	if mean := sum / float64(n); mean > 5.2 {
		t.Errorf("%.2f bits a character of the Latin script on average, want at most 5.2", mean)
	}
}
